//! What AWS wrote into the log; bytes to records, no IO.
