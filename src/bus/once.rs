//! What is made of messages once, and shared by all who want the same.

use std::any::Any;
use std::sync::Arc;

/// Holds what was made, of whatever type. Who wants another type has it made anew, in the
/// place of the first.
#[derive(Default)]
pub struct Once(Option<Arc<dyn Any + Send + Sync>>);

impl Once {
    /// What is there, or what `make` makes.
    pub fn get<T: Send + Sync + 'static>(&mut self, make: impl FnOnce() -> T) -> Arc<T> {
        let made = self.0.take().and_then(|made| made.downcast().ok());
        let made = made.unwrap_or_else(|| Arc::new(make()));
        self.0 = Some(made.clone());
        made
    }
}
