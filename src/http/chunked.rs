//! The chunked transfer coding (RFC 9112, section 7.1): how a response goes on whose
//! length is not known at its start. Lesson 3 teaches it.

use super::Request;
use crate::feed::{IDENTITY, TransferCoding};

/// One chunk: the length in hex, the bytes, each with a line end. Nobody calls it
/// with no bytes, which would be the last chunk.
// ANCHOR: chunk
fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    chunk
}

static CHUNKED: TransferCoding = TransferCoding {
    name: Some("chunked"),
    wrap: chunk,
    last: b"0\r\n\r\n",
};
// ANCHOR_END: chunk

/// How a response to `request` goes on: in chunks. HTTP/1.0 does not know them;
/// there the bytes come as they are, and end with the connection.
pub fn coding_for(request: &Request) -> &'static TransferCoding {
    if request.minor_version == 0 {
        &IDENTITY
    } else {
        &CHUNKED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_is_its_length_in_hex_and_its_bytes() {
        assert_eq!(chunk(b"hello\n"), b"6\r\nhello\n\r\n");
        assert!(chunk(&[b'x'; 106]).starts_with(b"6a\r\nx"));
    }
}
