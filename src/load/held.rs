//! Bytes that came and are not complete yet.

/// Keeps the incomplete end of what came, until the rest is there. While pieces come whole,
/// nothing is copied.
#[derive(Default)]
pub struct Held {
    bytes: Vec<u8>,
}

impl Held {
    /// Hands `take` what was kept and then `bytes`, in one piece, and keeps what is behind
    /// the length that `take` says it dealt with.
    ///
    /// # Errors
    /// Those of `take`.
    pub fn feed<E>(
        &mut self,
        bytes: &[u8],
        take: impl FnOnce(&[u8]) -> Result<usize, E>,
    ) -> Result<(), E> {
        if self.bytes.is_empty() {
            let taken = take(bytes)?;
            self.bytes.extend_from_slice(&bytes[taken..]);
        } else {
            self.bytes.extend_from_slice(bytes);
            let taken = take(&self.bytes)?;
            self.bytes.drain(..taken);
        }
        Ok(())
    }

    /// Whether something waits for its rest.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Forgets it: the connection is a new one.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }
}
