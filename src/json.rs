//! JSON objects that come from outside.

use serde::de::{DeserializeOwned, Error as _};

/// A `T` from a JSON object. A derived reader alone also takes an array, whose items it
/// gives to the fields in their order.
///
/// # Errors
/// When it is not JSON, no object, or its fields are not those of a `T`.
pub fn object<T: DeserializeOwned>(json: &[u8]) -> serde_json::Result<T> {
    if json.trim_ascii_start().starts_with(b"[") {
        return Err(serde_json::Error::custom("an array is no object"));
    }
    serde_json::from_slice(json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Named {
        a: u8,
    }

    #[test]
    fn fields_have_names() {
        assert_eq!(object(b" {\"a\":1}").ok(), Some(Named { a: 1 }));
        for wrong in ["[1]", " \r\n\t[1]", "1", "{\"b\":1}", ""] {
            assert!(object::<Named>(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
