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
    let value = expression(json);
    format!(
        "<script>parent.postMessage({value},location.origin);\
         document.currentScript.remove()</script>\n"
    )
}
// ANCHOR_END: posts

/// JSON as an expression of JavaScript. It goes through `JSON.parse`, for as JavaScript
/// itself the same letters may mean something else: `{"__proto__":…}` sets a prototype
/// there (ECMA-262, section B.3.1), and is no key.
// ANCHOR: expression
pub fn expression(json: &str) -> String {
    let text = json.replace('\\', "\\\\").replace('\'', "\\'");
    format!("JSON.parse('{}')", escape(&text))
}
// ANCHOR_END: expression

/// Text inside a string of JavaScript, made safe to stand in a page. `<` could begin
/// `</script>`; U+2028 and U+2029 ended a line of JavaScript before 2019.
// ANCHOR: escape
pub fn escape(text: &str) -> String {
    text.replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}
// ANCHOR_END: escape

/// Whether `name` can only be the name of a function, or the way to it: names of
/// `[A-Za-z_$][\w$]*` with dots between them, 64 letters together.
pub fn is_function_name(name: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphabetic() || matches!(b, b'_' | b'$');
    let right = |b: u8| letter(b) || b.is_ascii_digit();
    let is_name = |part: &str| part.bytes().next().is_some_and(letter) && part.bytes().all(right);
    name.len() <= MAX_FUNCTION_NAME && name.split('.').all(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_callback_is_a_name_and_no_code() {
        for right in ["news", "_", "$", "app.on_news", &"x".repeat(64)] {
            assert!(is_function_name(right), "{right}");
        }
        for wrong in [
            "",
            "1a",
            ".a",
            "a.",
            "a..b",
            "a.1",
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
        let json = json!({ "a": "</script><!-- \u{2028}\u{2029}'\\\"\n" }).to_string();
        let inside = expression(&json);
        assert_eq!(
            inside,
            r#"JSON.parse('{"a":"\u003c/script>\u003c!-- \u2028\u2029\'\\\\\\"\\n"}')"#
        );
        assert_eq!(expression("{}"), "JSON.parse('{}')");
    }
}
