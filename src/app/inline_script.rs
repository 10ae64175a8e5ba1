//! Putting JSON into `<script>` and JSONP safely (lessons 1, 2 and 4).

/// The longest name of a function, in bytes.
pub const MAX_FUNCTION_NAME: usize = 64;

/// What a page that carries scripts of ours may do: run those, inside a page of
/// this server, and load nothing.
pub const IFRAME_POLICY: &str =
    "default-src 'none'; script-src 'unsafe-inline'; frame-ancestors 'self'";

/// One script, which posts `json` to the page around it and then removes itself.
// ANCHOR: posts
pub fn script_that_posts(json: &str) -> String {
    format!(
        "<script>parent.postMessage({json},location.origin);\
         document.currentScript.remove()</script>\n"
    )
}
// ANCHOR_END: posts

/// JSON made safe to stand inside a script. `<` could begin `</script>`; U+2028
/// and U+2029 ended a line of JavaScript before 2019. In JSON all three can only
/// stand inside a string, where they may be written by number.
// ANCHOR: escape
pub fn escape(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}
// ANCHOR_END: escape

/// Whether `name` can only be the name of a function:
/// `[A-Za-z_$][\w$.]{0,63}`
pub fn is_function_name(name: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphabetic() || matches!(b, b'_' | b'$');
    let right = |b: u8| letter(b) || b.is_ascii_digit() || b == b'.';
    name.bytes().next().is_some_and(letter)
        && name.len() <= MAX_FUNCTION_NAME
        && name.bytes().all(right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_callback_is_a_name_and_no_code() {
        for right in ["news", "_", "$", "app.on_news", &"x".repeat(64)] {
            assert!(is_function_name(right), "{right}");
        }
        for wrong in [
            "",
            "1a",
            ".a",
            "a b",
            "a(",
            "a;b",
            "alert(1)//",
            "é",
            "a\n",
            &"x".repeat(65),
        ] {
            assert!(!is_function_name(wrong), "{wrong}");
        }
    }

    #[test]
    fn what_is_inside_a_script_cannot_leave_it() {
        let json = json!({ "a": "</script><!-- \u{2028}\u{2029}" }).to_string();
        let safe = escape(&json);
        assert!(!safe.contains(['<', '\u{2028}', '\u{2029}']));
        let back: Value = serde_json::from_str(&safe).expect("still JSON");
        assert_eq!(back["a"], "</script><!-- \u{2028}\u{2029}");
    }
}
