//! Placeholders: the objects that stand in the JSON where an attachment belongs.

use crate::json;
use crate::lessons::socket_io::codec::Malformed;
use crate::lessons::socket_io::codec::tokens::tokens;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// What stands where an attachment belongs.
#[derive(Deserialize)]
struct Placeholder {
    #[serde(rename = "_placeholder")]
    is_placeholder: bool,
    num: usize,
}

/// The number of the attachment that `json` stands for.
pub fn placeholder(json: &RawValue) -> Option<usize> {
    let placeholder: Placeholder = json::object(json.get().as_bytes()).ok()?;
    placeholder.is_placeholder.then_some(placeholder.num)
}

/// The attachments that the placeholders in `json` name; one may be named twice.
///
/// # Errors
/// When a placeholder has no number.
pub fn named_attachments(json: &[Box<RawValue>]) -> Result<BTreeSet<usize>, Malformed> {
    let mut named = BTreeSet::new();
    // The objects around a token: whether it is a placeholder, and its number.
    let mut around: Vec<(bool, Option<usize>)> = Vec::new();
    let (mut key, mut before) = ("", "");
    for token in json.iter().flat_map(|item| tokens(item)) {
        if before == ":"
            && let Some((is_placeholder, num)) = around.last_mut()
        {
            match serde_json::from_str::<String>(key).as_deref() {
                Ok("_placeholder") => *is_placeholder = token == "true",
                Ok("num") => *num = token.parse().ok(),
                _ => {}
            }
        }
        match token {
            ":" => key = before,
            "{" => around.push((false, None)),
            "}" => {
                if let Some((true, num)) = around.pop() {
                    named.insert(num.ok_or(Malformed("a placeholder has a number"))?);
                }
            }
            _ => {}
        }
        before = token;
    }
    Ok(named)
}
