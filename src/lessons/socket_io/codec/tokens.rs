//! JSON as its tokens, for looking into what cannot be a `Value`: half of a surrogate
//! pair and a number like `1e400` are right as JSON, and stay text here.

use serde_json::value::RawValue;

/// The tokens of `json`, without the blanks between them: punctuation, strings with their
/// quotes, numbers, words.
pub fn tokens(json: &RawValue) -> impl Iterator<Item = &str> {
    let mut rest = json.get();
    std::iter::from_fn(move || {
        rest = rest.trim_ascii_start();
        let length = match rest.bytes().next()? {
            b'"' => string_length(rest),
            b'{' | b'}' | b'[' | b']' | b',' | b':' => 1,
            _ => rest
                .find(|c: char| matches!(c, ',' | ']' | '}') || c.is_ascii_whitespace())
                .unwrap_or(rest.len()),
        };
        let (token, behind) = rest.split_at(length);
        rest = behind;
        Some(token)
    })
}

/// From a string's opening quote to behind its closing one.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    let closing = text.bytes().skip(1).position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    });
    closing.map_or(text.len(), |at| at + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_the_text_without_blanks() {
        for (json, expected) in [
            ("\"a\"", &["\"a\""][..]),
            ("-1.5e+3", &["-1.5e+3"]),
            (
                "[ true ,null,1\n]",
                &["[", "true", ",", "null", ",", "1", "]"],
            ),
            (
                "{\"\\\\\" : \"é \\\" ] \\ud83d\" }",
                &["{", "\"\\\\\"", ":", "\"é \\\" ] \\ud83d\"", "}"],
            ),
            ("[\"\",{}]", &["[", "\"\"", ",", "{", "}", "]"]),
        ] {
            let raw = RawValue::from_string(json.to_owned()).expect("JSON");
            assert_eq!(tokens(&raw).collect::<Vec<_>>(), expected, "{json}");
        }
    }
}
