//! Same-origin checks, for both servers: `Host` against DNS rebinding, `Origin` for
//! POST and WebSocket, `Sec-Fetch-Site` and `Referer` for JSONP.
//!
//! They guard against pages of other sites. A page elsewhere can make a browser
//! send requests here, with `Origin` telling where the page is from; and with
//! DNS rebinding it can make the browser believe that its own name leads here,
//! with `Host` telling which name that was. Rebinding needs a name, so an IP
//! address in `Host` is always fine.

use super::request::Request;
use super::response::Response;
use std::net::{IpAddr, Ipv6Addr};

/// What the options allow besides the server's own pages.
#[derive(Clone, Debug, Default)]
pub struct OriginPolicy {
    /// Names that `Host` may hold besides `localhost` and IP addresses.
    pub allow_host: Vec<String>,
    /// Foreign origins (`https://a.example`) that may publish and connect.
    pub allow_origin: Vec<String>,
}

impl OriginPolicy {
    /// Checks `Host`: there is one, well formed, and it is ours. HTTP/1.0, which
    /// no browser speaks, may leave it out.
    ///
    /// # Errors
    /// 400 for none, two or a malformed one; 421 for another site's.
    pub fn check_host(&self, request: &Request) -> Result<(), Response> {
        let mut hosts = request.header_values("Host");
        let host = match (hosts.next(), hosts.next()) {
            (Some(host), None) => host,
            (None, _) if request.minor_version == 0 => return Ok(()),
            _ => return Err(Response::error(400, "there must be exactly one Host field")),
        };
        let name = std::str::from_utf8(host)
            .ok()
            .and_then(host_name)
            .ok_or_else(|| Response::error(400, "Host must be a name or an address, then :PORT"))?;
        if is_local(&name) || name.parse::<IpAddr>().is_ok() || self.allows_host(&name) {
            return Ok(());
        }
        let why = format!("this server is not {name}; --allow-host {name} would make it so");
        Err(Response::error(421, &why))
    }

    /// Checks `Origin` where a foreign page must not come: publishing, WebSocket.
    /// No `Origin` at all is not a browser, and allowed.
    ///
    /// # Errors
    /// 403 for a foreign one; `null` is foreign.
    pub fn check_origin(&self, request: &Request) -> Result<(), Response> {
        let named = self.allowed_origin(request);
        let foreign = request.header_values("Origin").find(|origin| {
            !is_same_origin(origin, request)
                && named.is_none_or(|named| named.as_bytes() != *origin)
        });
        match foreign {
            None => Ok(()),
            Some(origin) => {
                let origin = String::from_utf8_lossy(origin);
                let why = format!("pages of {origin} may not do this; see --allow-origin");
                Err(Response::error(403, &why))
            }
        }
    }

    /// Checks that a script (JSONP) is asked for by a page of this site or of an
    /// allowed origin. Such a request has no `Origin`. Browsers send `Sec-Fetch-Site`
    /// to trustworthy origins only. `same-origin`, `same-site` (another port of this
    /// host, too) and `none` are let in; with any other value, or without the field,
    /// `Referer` must name this server or an allowed origin; with neither field, only
    /// a peer on this machine is answered.
    ///
    /// # Errors
    /// 403 for a page of another site.
    pub fn check_jsonp(&self, request: &Request) -> Result<(), Response> {
        let fine = if let Some(site) = request.header("Sec-Fetch-Site") {
            matches!(site, "same-origin" | "same-site" | "none") || self.names_referer(request)
        } else if request.header("Referer").is_some() {
            self.names_referer(request)
        } else {
            request.peer.to_canonical().is_loopback()
        };
        if fine {
            return Ok(());
        }
        let why = "a script with data is given to pages of this site only; see --allow-origin";
        Err(Response::error(403, why))
    }

    /// The request's `Origin`, if `--allow-origin` names it.
    pub fn allowed_origin<'a>(&self, request: &'a Request) -> Option<&'a str> {
        let origin = request.header("Origin")?;
        self.allow_origin
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(origin))
            .then_some(origin)
    }

    fn allows_host(&self, name: &str) -> bool {
        self.allow_host
            .iter()
            .any(|allowed| allowed.eq_ignore_ascii_case(name))
    }

    /// Whether `Referer` is a page of ours or of an allowed origin.
    fn names_referer(&self, request: &Request) -> bool {
        let Some(referer) = request.header("Referer") else {
            return false;
        };
        let Some((scheme, rest)) = referer.split_once("://") else {
            return false;
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
        let origin = format!("{scheme}://{authority}");
        is_same_origin(origin.as_bytes(), request)
            || self
                .allow_origin
                .iter()
                .any(|allowed| allowed.eq_ignore_ascii_case(&origin))
    }
}

/// Whether `origin` is the one that the request was sent to. A relay may speak
/// `https` to the browser and `http` to us.
fn is_same_origin(origin: &[u8], request: &Request) -> bool {
    let origin = String::from_utf8_lossy(origin);
    let Some((scheme, authority)) = origin.split_once("://") else {
        return false;
    };
    matches!(scheme, "http" | "https")
        && request
            .header("Host")
            .is_some_and(|host| authority.eq_ignore_ascii_case(host))
}

/// Whether `name` can only mean this machine.
pub fn is_local(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost")
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// The name or address in `Host`, lower case, without the port and without the
/// brackets of IPv6 (RFC 9110, section 7.2). `None` when it is malformed.
pub fn host_name(host: &str) -> Option<String> {
    let host = host.trim();
    let (name, port) = if let Some(rest) = host.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        address.parse::<Ipv6Addr>().ok()?;
        (address, port)
    } else {
        let end = host.find(':').unwrap_or(host.len());
        let (name, port) = host.split_at(end);
        let right = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
        if name.is_empty() || !name.bytes().all(right) {
            return None;
        }
        (name, port)
    };
    let digits = port.strip_prefix(':').or(port.is_empty().then_some(""))?;
    let port_is_right = digits.is_empty()
        || (digits.bytes().all(|b| b.is_ascii_digit()) && digits.parse::<u16>().is_ok());
    port_is_right.then(|| name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn request(peer: IpAddr, headers: &[(&str, &str)]) -> Request {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
            .collect();
        Request::new("GET", "/", 1, headers, peer).expect("a request")
    }

    fn local(headers: &[(&str, &str)]) -> Request {
        request(Ipv4Addr::LOCALHOST.into(), headers)
    }

    #[test]
    fn a_host_is_a_name_or_an_address() {
        assert_eq!(host_name("Localhost:3000").as_deref(), Some("localhost"));
        assert_eq!(host_name("[::1]:80").as_deref(), Some("::1"));
        assert_eq!(host_name("192.168.0.7").as_deref(), Some("192.168.0.7"));
        for wrong in [
            "", ":80", "a b", "a/b", "a@b", "[::1", "[x]", "a:b", "a:99999", "a:+1", "a,b",
        ] {
            assert_eq!(host_name(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_name_of_another_site_is_misdirected() {
        let policy = OriginPolicy {
            allow_host: vec!["class.example".into()],
            ..OriginPolicy::default()
        };
        let status = |hosts: &[(&str, &str)]| {
            policy
                .check_host(&local(hosts))
                .map_err(|refusal| refusal.status)
        };
        assert_eq!(status(&[("Host", "localhost:1")]), Ok(()));
        assert_eq!(status(&[("Host", "10.0.0.1")]), Ok(()));
        assert_eq!(status(&[("Host", "CLASS.example:9")]), Ok(()));
        assert_eq!(status(&[("Host", "evil.example")]), Err(421));
        assert_eq!(status(&[("Host", "localhost.evil.example")]), Err(421));
        assert_eq!(status(&[]), Err(400));
        assert_eq!(status(&[("Host", "a"), ("Host", "a")]), Err(400));
        assert_eq!(status(&[("Host", "a/b")]), Err(400));
    }

    #[test]
    fn an_origin_is_own_or_named_or_foreign() {
        let policy = OriginPolicy {
            allow_origin: vec!["https://friend.example".into()],
            ..OriginPolicy::default()
        };
        let fine = |origin: &str| {
            let request = local(&[("Host", "localhost:3000"), ("Origin", origin)]);
            policy.check_origin(&request).is_ok()
        };
        assert!(fine("http://localhost:3000"));
        assert!(fine("https://friend.example"));
        assert!(!fine("http://localhost:3001"));
        assert!(!fine("null"));
        assert!(!fine("http://evil.example"));
        assert!(
            policy
                .check_origin(&local(&[("Host", "localhost")]))
                .is_ok()
        );
    }

    #[test]
    fn a_script_is_given_to_pages_of_this_site() {
        let policy = OriginPolicy::default();
        let far = IpAddr::from(Ipv4Addr::new(192, 168, 0, 9));
        let host = ("Host", "192.168.0.7:3000");
        let fine = |headers: &[(&str, &str)]| policy.check_jsonp(&request(far, headers)).is_ok();
        assert!(fine(&[host, ("Sec-Fetch-Site", "same-origin")]));
        assert!(!fine(&[host, ("Sec-Fetch-Site", "cross-site")]));
        assert!(fine(&[
            host,
            ("Referer", "http://192.168.0.7:3000/1-short-polling/")
        ]));
        assert!(!fine(&[host, ("Referer", "http://evil.example/")]));
        assert!(!fine(&[host]));
        assert!(policy.check_jsonp(&local(&[host])).is_ok());
    }
}
