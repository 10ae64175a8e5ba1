//! The cookie that a browser is known by.
//!
//! It is random, no script can read it (`HttpOnly`), and no other site's page can make
//! the browser send it (`SameSite=Strict`). It tells browsers apart and means nothing
//! else: whoever has it sees the bytes of that browser's connections to this server.

use crate::http::Request;
use crate::random;

/// Cookies are shared by all ports of a host, so the name is ours.
const NAME: &str = "poll-to-push";
/// 130 random bits.
const LENGTH: usize = 26;

/// The browser's token, if the request carries one that we could have made.
pub fn of(request: &Request) -> Option<&str> {
    let mut cookies = request
        .header_values("Cookie")
        .filter_map(|value| std::str::from_utf8(value).ok())
        .flat_map(|value| value.split(';'));
    let token = cookies.find_map(|cookie| {
        let (name, value) = cookie.trim().split_once('=')?;
        (name == NAME).then_some(value)
    })?;
    random::is_token(token, LENGTH).then_some(token)
}

/// The value of `Set-Cookie` for a browser that has none. It goes when the browser is
/// closed. `None` when the system has no random numbers.
pub fn new() -> Option<String> {
    let token = random::token(LENGTH)
        .inspect_err(|error| log::error!("no token for a browser: {error}"))
        .ok()?;
    Some(format!("{NAME}={token}; Path=/; HttpOnly; SameSite=Strict"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn with(cookie: &str) -> Request {
        let headers = vec![("Cookie".to_owned(), cookie.as_bytes().to_vec())];
        let request = Request::new("GET", "/", 1, headers, Ipv4Addr::LOCALHOST.into());
        request.expect("a request")
    }

    #[test]
    fn what_we_set_is_what_we_read() {
        let set = new().expect("a cookie");
        let pair = set.split(';').next().expect("a pair");
        let token = pair.split_once('=').expect("a value").1;
        let request = with(&format!("theme=dark; {pair}; x=y"));
        assert_eq!(of(&request), Some(token));
    }

    #[test]
    fn what_we_could_not_have_made_is_no_token() {
        for wrong in [
            "a",
            &"A".repeat(26),
            &"a".repeat(27),
            "../../etc/passwd-aaaaaaaaaa",
        ] {
            assert_eq!(of(&with(&format!("poll-to-push={wrong}"))), None, "{wrong}");
        }
        assert_eq!(of(&with("other=aaaaaaaaaaaaaaaaaaaaaaaaaa")), None);
    }
}
