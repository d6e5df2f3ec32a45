//! A gzip member whose bytes depend on its content alone: fixed level, no time, no name, no operating system.

use miniz_oxide::deflate::compress_to_vec;

/// Level 1: generation time is mostly compression, and AWS's own files are no tighter than a fifth of the JSON.
const LEVEL: u8 = 1;
/// Magic, deflate, no flags, no time, no extra flags, unknown operating system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

pub(crate) fn member(content: &[u8]) -> Vec<u8> {
    let body = compress_to_vec(content, LEVEL);
    let mut member = Vec::with_capacity(body.len() + 18);
    member.extend_from_slice(&HEADER);
    member.extend_from_slice(&body);
    member.extend_from_slice(&crc32fast::hash(content).to_le_bytes());
    member.extend_from_slice(&(content.len() as u32).to_le_bytes());
    member
}
