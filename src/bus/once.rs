//! What is made of messages once, and shared by all who want the same.

use std::any::Any;
use std::sync::{Arc, OnceLock};

/// Holds what was made first, of whatever type. Who wants another type has it made for
/// itself.
#[derive(Debug, Default)]
pub struct Once(OnceLock<Arc<dyn Any + Send + Sync>>);

impl Once {
    /// What is there, or what `make` makes. Who comes meanwhile waits for it.
    pub fn get<T: Send + Sync + 'static>(&self, make: impl Fn() -> T) -> Arc<T> {
        let made = self.0.get_or_init(|| Arc::new(make())).clone();
        made.downcast().unwrap_or_else(|_| Arc::new(make()))
    }
}
