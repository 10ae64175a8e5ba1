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
use crate::origin::{Authority, Origin};

/// What the options allow besides the server's own pages.
#[derive(Clone, Debug, Default)]
pub struct OriginPolicy {
    /// Names that `Host` may hold besides `localhost` and IP addresses.
    pub allow_host: Vec<String>,
    /// Foreign origins (`https://a.example`) that may publish and connect.
    pub allow_origin: Vec<Origin>,
}

impl OriginPolicy {
    /// Checks `Host`: there is one, well formed, and it is ours. HTTP/1.0, which
    /// no browser speaks, may leave it out. Sets the scheme that the client used.
    ///
    /// # Errors
    /// 400 for none, two or a malformed one; 421 for another site's.
    pub fn check_host(&self, request: &mut Request) -> Result<(), Response> {
        let hosts: Vec<&[u8]> = request.header_values("Host").collect();
        let host = match hosts[..] {
            [host] => host,
            [] if request.minor_version == 0 => return Ok(()),
            _ => return Err(Response::error(400, "there must be exactly one Host field")),
        };
        let host = std::str::from_utf8(host)
            .ok()
            .and_then(|host| Authority::parse(host).ok())
            .ok_or_else(|| Response::error(400, "Host must be a name or an address, then :PORT"))?;
        let named = self.allow_host.contains(&host.host);
        if host.is_local() || host.address().is_some() || named {
            request.scheme = scheme_of(request, named);
            return Ok(());
        }
        let name = host.host;
        let why = format!("this server is not {name}; --allow-host {name} would make it so");
        Err(Response::error(421, &why))
    }

    /// Checks `Origin` where a foreign page must not come: publishing, WebSocket.
    /// No `Origin` at all is not a browser, and allowed.
    ///
    /// # Errors
    /// 403 for a foreign one; `null` is foreign.
    pub fn check_origin(&self, request: &Request) -> Result<(), Response> {
        let text = |origin| String::from_utf8_lossy(origin);
        let foreign = request
            .header_values("Origin")
            .find(|origin| !self.may(Origin::parse(&text(origin)).ok(), request));
        match foreign {
            None => Ok(()),
            Some(origin) => {
                let origin = text(origin);
                let why = format!("pages of {origin} may not do this; see --allow-origin");
                Err(Response::error(403, &why))
            }
        }
    }

    /// Checks that a script (JSONP) is asked for by a page that might also publish.
    /// Such a request has no `Origin`. Browsers send `Sec-Fetch-Site` to trustworthy
    /// origins only: `same-origin` is a page of ours, `none` no page at all. With any
    /// other value, or without the field, `Referer` must name this server or an allowed
    /// origin; with neither field, only a peer on this machine is answered.
    ///
    /// # Errors
    /// 403 for a page of another origin.
    pub fn check_jsonp(&self, request: &Request) -> Result<(), Response> {
        let referer = request.header("Referer");
        let named = || self.may(referer.and_then(|url| Origin::of_url(url).ok()), request);
        let fine = match request.header("Sec-Fetch-Site") {
            Some(site) => matches!(site, "same-origin" | "none") || named(),
            None if referer.is_some() => named(),
            None => request.is_from_this_machine(),
        };
        if fine {
            return Ok(());
        }
        let why = "a script with data is given to pages of this server only; see --allow-origin";
        Err(Response::error(403, why))
    }

    /// The `Origin` that `--allow-origin` names, as it was sent.
    pub fn allowed_origin<'a>(&self, origin: Option<&'a str>) -> Option<&'a str> {
        origin.filter(|origin| {
            Origin::parse(origin).is_ok_and(|origin| self.allow_origin.contains(&origin))
        })
    }

    /// Whether a page of `origin` may do what it asks for: one rule for all.
    fn may(&self, origin: Option<Origin>, request: &Request) -> bool {
        origin.is_some_and(|origin| {
            is_same_origin(&origin, request) || self.allow_origin.contains(&origin)
        })
    }
}

/// Whether `origin` is the one that the request was sent to. A relay may speak
/// `https` to the browser and `http` to us.
fn is_same_origin(origin: &Origin, request: &Request) -> bool {
    let host = request.header("Host");
    let host = host.and_then(|host| Authority::parse(host).ok());
    matches!(origin.scheme(), "http" | "https")
        && host.is_some_and(|host| Origin::new(origin.scheme(), host) == *origin)
}

/// The scheme that the client used. A page of ours says it in `Origin`. A relay says it
/// in `X-Forwarded-Proto`; only behind a name that was allowed is there one to believe.
fn scheme_of(request: &Request, behind_relay: bool) -> &'static str {
    let origin = request.header("Origin");
    let origin = origin.and_then(|origin| Origin::parse(origin).ok());
    let own = origin.filter(|origin| is_same_origin(origin, request));
    let told = request
        .header("X-Forwarded-Proto")
        .filter(|_| behind_relay)
        .and_then(|schemes| schemes.split(',').next());
    match own.as_ref().map(Origin::scheme).or(told.map(str::trim)) {
        Some(scheme) if scheme.eq_ignore_ascii_case("https") => "https",
        _ => "http",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};

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
    fn a_name_of_another_site_is_misdirected() {
        let policy = OriginPolicy {
            allow_host: vec!["class.example".into()],
            ..OriginPolicy::default()
        };
        let status = |hosts: &[(&str, &str)]| {
            policy
                .check_host(&mut local(hosts))
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
            allow_origin: vec![Origin::parse("https://friend.example").expect("an origin")],
            ..OriginPolicy::default()
        };
        let fine = |origin: &str| {
            let request = local(&[("Host", "localhost:3000"), ("Origin", origin)]);
            policy.check_origin(&request).is_ok()
        };
        assert!(fine("http://localhost:3000"));
        assert!(fine("https://friend.example:443"));
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
    fn a_script_is_given_to_pages_of_this_server() {
        let policy = OriginPolicy::default();
        let far = IpAddr::from(Ipv4Addr::new(192, 168, 0, 9));
        let host = ("Host", "192.168.0.7:3000");
        let fine = |headers: &[(&str, &str)]| policy.check_jsonp(&request(far, headers)).is_ok();
        assert!(fine(&[host, ("Sec-Fetch-Site", "same-origin")]));
        assert!(!fine(&[host, ("Sec-Fetch-Site", "cross-site")]));
        assert!(!fine(&[host, ("Sec-Fetch-Site", "same-site")]));
        assert!(fine(&[
            host,
            ("Referer", "http://192.168.0.7:3000/1-short-polling/")
        ]));
        assert!(!fine(&[host, ("Referer", "http://evil.example/")]));
        assert!(!fine(&[host]));
        assert!(policy.check_jsonp(&local(&[host])).is_ok());
    }

    #[test]
    fn a_default_port_makes_no_other_origin() {
        let policy = OriginPolicy::default();
        for (host, origin, fine) in [
            ("localhost:80", "http://localhost", true),
            ("localhost", "http://localhost:80", true),
            ("localhost:443", "https://localhost", true),
            ("localhost", "https://localhost:443", true),
            ("[::1]:80", "http://[::1]", true),
            ("localhost:80", "https://localhost", false),
            ("localhost:443", "http://localhost", false),
            ("localhost", "http://localhost:443", false),
            ("localhost", "ftp://localhost", false),
        ] {
            let request = local(&[("Host", host), ("Origin", origin)]);
            assert_eq!(
                policy.check_origin(&request).is_ok(),
                fine,
                "{host} {origin}"
            );
        }
    }

    #[test]
    fn the_scheme_is_the_browsers_or_that_of_a_relay_that_was_named() {
        let policy = OriginPolicy {
            allow_host: vec!["class.example".into()],
            ..OriginPolicy::default()
        };
        let proto = |value| ("X-Forwarded-Proto", value);
        for (headers, scheme) in [
            (&[("Host", "class.example")][..], "http"),
            (&[("Host", "class.example"), proto("https")], "https"),
            (&[("Host", "class.example"), proto("HTTPS")], "https"),
            (&[("Host", "class.example"), proto("http, https")], "http"),
            (&[("Host", "class.example"), proto("https, http")], "https"),
            (&[("Host", "localhost:1"), proto("https")], "http"),
            (
                &[("Host", "localhost"), ("Origin", "https://localhost")],
                "https",
            ),
            (
                &[("Host", "localhost"), ("Origin", "https://a.example")],
                "http",
            ),
        ] {
            let mut request = local(headers);
            policy.check_host(&mut request).expect("ours");
            assert_eq!(request.scheme, scheme, "{headers:?}");
        }
    }
}
