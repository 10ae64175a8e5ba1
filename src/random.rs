//! Random tokens (ids, cookies, sign-in codes) from the operating system.

use std::io;

const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Whether [`token`] could have made `text` with this `length`.
pub fn is_token(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| ALPHABET.contains(&byte))
}

/// `length` letters and digits, five random bits each. No `l`, `o`, `0` or `1`:
/// people read some of these aloud.
///
/// # Errors
/// When the system's random source fails.
pub fn token(length: usize) -> io::Result<String> {
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
        .collect())
}
