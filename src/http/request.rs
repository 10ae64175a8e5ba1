//! A request, as handlers see it, whichever server read it.

use super::response::Response;
use crate::options::MAX_BODY;
use crate::origin::Authority;
use std::borrow::Cow;
use std::net::IpAddr;

/// An HTTP request, whole.
#[derive(Debug)]
pub struct Request {
    /// The method, as it was sent.
    pub method: String,
    /// The target's path and query, as they were sent.
    pub target: String,
    /// The path, percent-decoded.
    pub path: String,
    /// What stood behind the `?`, as it was sent.
    pub query: String,
    /// 0 for HTTP/1.0, 1 for HTTP/1.1.
    pub minor_version: u8,
    /// The fields in the order of their arrival. Values may hold bytes that are
    /// not ASCII (RFC 9110, section 5.5).
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body; empty without one.
    pub body: Vec<u8>,
    /// Who asks.
    pub peer: IpAddr,
    /// `http`, or `https` where a relay speaks it to the client.
    pub scheme: &'static str,
}

impl Request {
    /// A request without its body.
    ///
    /// # Errors
    /// A 400 when the target is neither a path nor an `http://` URL, or does not
    /// decode to UTF-8.
    pub fn new(
        method: &str,
        target: &str,
        minor_version: u8,
        mut headers: Vec<(String, Vec<u8>)>,
        peer: IpAddr,
    ) -> Result<Request, Response> {
        let mut target = target;
        // The absolute form, which names the host itself (RFC 9112, section 3.2.2).
        let scheme = target.get(..7);
        if scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://")) {
            let rest = &target[7..];
            let (authority, _) = rest.split_once(['/', '?']).unwrap_or((rest, ""));
            // It takes the place of a `Host` that is right; a wrong one stays, to
            // be refused.
            let is_host = |(name, _): &(String, Vec<u8>)| name.eq_ignore_ascii_case("host");
            if minor_version == 0 && !headers.iter().any(is_host) {
                headers.push(("Host".to_owned(), authority.as_bytes().to_vec()));
            }
            let mut hosts = headers
                .iter_mut()
                .filter(|(name, _)| name.eq_ignore_ascii_case("host"));
            if let (Some((_, host)), None) = (hosts.next(), hosts.next())
                && std::str::from_utf8(host).is_ok_and(|host| Authority::parse(host).is_ok())
            {
                *host = authority.as_bytes().to_vec();
            }
            target = &rest[authority.len()..];
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = if path.is_empty() { "/" } else { path };
        if !target.is_ascii() || !(path.starts_with('/') || path == "*") {
            return Err(Response::error(
                400,
                "the request target must be a path that begins with /, in ASCII",
            ));
        }
        let sent = match target.contains('?') {
            true => format!("{path}?{query}"),
            false => path.to_owned(),
        };
        let path = percent_encoding::percent_decode_str(path)
            .decode_utf8()
            .map_err(|_| Response::error(400, "the path does not decode to UTF-8"))?;
        Ok(Request {
            method: method.to_owned(),
            target: sent,
            path: path.into_owned(),
            query: query.to_owned(),
            minor_version,
            headers,
            body: Vec::new(),
            peer,
            scheme: "http",
        })
    }

    /// The value of the first field called `name`, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self
            .headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(value).ok().map(str::trim)
    }

    /// All values of the fields called `name`.
    pub fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.headers
            .iter()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_slice())
    }

    /// Whether the comma-separated field `name` holds `token`, in any case.
    pub fn header_has(&self, name: &str, token: &str) -> bool {
        self.header_values(name).any(|value| {
            value
                .split(|byte| *byte == b',')
                .any(|item| item.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
        })
    }

    /// The first query parameter called `name`, decoded.
    pub fn query_param(&self, name: &str) -> Option<Cow<'_, str>> {
        form_urlencoded::parse(self.query.as_bytes())
            .find(|(other, _)| other == name)
            .map(|(_, value)| value)
    }

    /// The authority in `Host`.
    pub fn host(&self) -> &str {
        self.header("Host").unwrap_or("localhost")
    }

    /// Where this server is for the client: what links back to it must begin with.
    pub fn own_origin(&self) -> String {
        format!("{}://{}", self.scheme, self.host())
    }

    /// Whether it comes from the machine of the server. A proxy on this machine asks for
    /// others, and says so in one of these fields.
    pub fn is_from_this_machine(&self) -> bool {
        let says = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Proto"];
        let by_proxy = says
            .iter()
            .any(|name| self.header_values(name).next().is_some());
        !by_proxy && self.peer.to_canonical().is_loopback()
    }

    /// Whether only the head of the response is wanted.
    pub fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    /// The length of the body that follows the head (RFC 9112, section 6.3).
    ///
    /// # Errors
    /// 400 for a length that is not one or that is contradicted, 411 for a body
    /// of unknown length, 413 for one larger than [`MAX_BODY`].
    pub fn body_length(&self) -> Result<usize, Response> {
        let mut lengths = self.header_values("Content-Length");
        let coded = self.header_values("Transfer-Encoding").next().is_some();
        let Some(length) = lengths.next() else {
            return if coded || matches!(self.method.as_str(), "POST" | "PUT" | "PATCH") {
                let why = "a body needs a Content-Length; chunked bodies are not taken";
                Err(Response::error(411, why))
            } else {
                Ok(0)
            };
        };
        if coded {
            let why = "Content-Length and Transfer-Encoding exclude each other";
            return Err(Response::error(400, why));
        }
        if lengths.any(|other| other != length) {
            return Err(Response::error(
                400,
                "there are two different Content-Lengths",
            ));
        }
        let digits = !length.is_empty() && length.iter().all(u8::is_ascii_digit);
        let Some(text) = std::str::from_utf8(length).ok().filter(|_| digits) else {
            return Err(Response::error(400, "Content-Length must be digits only"));
        };
        match text.parse() {
            Ok(length) if length <= MAX_BODY => Ok(length),
            // Digits that do not fit a number are too many, too.
            _ => Err(Response::error(
                413,
                &format!("the body may have at most {MAX_BODY} bytes"),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn request(target: &str, headers: &[(&str, &str)]) -> Result<Request, Response> {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
            .collect();
        Request::new("POST", target, 1, headers, Ipv4Addr::LOCALHOST.into())
    }

    #[test]
    fn a_target_is_taken_apart_and_decoded() {
        let request = request("/a%20b?after=k-1&x=%C3%A9+f", &[]).expect("a request");
        assert_eq!(request.path, "/a b");
        assert_eq!(request.query_param("after").as_deref(), Some("k-1"));
        assert_eq!(request.query_param("x").as_deref(), Some("é f"));
        assert_eq!(request.query_param("y"), None);
    }

    #[test]
    fn the_absolute_form_names_the_host() {
        let request = request("http://a.example:1/x?y=1", &[("Host", "b")]).expect("a request");
        assert_eq!((request.host(), &*request.path), ("a.example:1", "/x"));
        assert_eq!(request.query, "y=1");
    }

    #[test]
    fn lists_are_searched_item_by_item() {
        let request = request(
            "/",
            &[("Connection", "keep-alive, Upgrade"), ("Connection", "x")],
        )
        .expect("a request");
        assert!(request.header_has("connection", "upgrade"));
        assert!(!request.header_has("connection", "up"));
    }

    #[test]
    fn a_body_has_one_length_that_is_a_number() {
        let status = |headers: &[(&str, &str)]| {
            let request = request("/", headers).expect("a request");
            request.body_length().map_err(|refusal| refusal.status)
        };
        assert_eq!(status(&[("Content-Length", "12")]), Ok(12));
        assert_eq!(
            status(&[("Content-Length", "3"), ("Content-Length", "3")]),
            Ok(3)
        );
        assert_eq!(status(&[]), Err(411));
        assert_eq!(status(&[("Transfer-Encoding", "chunked")]), Err(411));
        for wrong in ["-1", "+5", "", "1 2", "0x10", "5, 5"] {
            assert_eq!(status(&[("Content-Length", wrong)]), Err(400), "{wrong}");
        }
        assert_eq!(status(&[("Content-Length", "1048577")]), Err(413));
        assert_eq!(
            status(&[("Content-Length", "99999999999999999999999")]),
            Err(413)
        );
        let both = [("Content-Length", "3"), ("Transfer-Encoding", "chunked")];
        assert_eq!(status(&both), Err(400));
        let two = [("Content-Length", "3"), ("Content-Length", "4")];
        assert_eq!(status(&two), Err(400));
    }
}
