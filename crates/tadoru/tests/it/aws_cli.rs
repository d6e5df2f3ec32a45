//! `tadoru serve` asked by AWS's own clients: the commands of `tests/aws_cli/<service>/<operation>/*.case` with the real `aws`,
//! and the answers of `truth/` with boto3. Each test has a server of its own on a free port.

mod beside_moto;
mod cases;
mod credential_reports;
mod event_pages;
mod inventory_writes;
mod jobs;
mod operation_list;
mod paginators;
mod printed_time;
mod refusals;
mod running_server;
mod truth;
