//! Origins: whose page asks, and which pages may (RFC 6454; RFC 9110, section 4.2.3).
//!
//! Two URLs are of one origin when scheme, host and port are the same; a default port is
//! the same whether it is written or not.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// `scheme://host[:port]`, normalised: lower case, without a default port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    authority: Authority,
}

/// A host and a port, as in `Host` (RFC 9110, section 7.2), in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// A name or an address; an IPv6 address stands without brackets.
    pub host: String,
    /// Without one it is the scheme's default port.
    pub port: Option<u16>,
}

/// It is no origin, or no authority. The text says what would be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidOrigin(pub &'static str);

impl Origin {
    /// The origin of a resource of `scheme` at `authority`.
    pub fn new(scheme: &str, mut authority: Authority) -> Origin {
        let scheme = scheme.to_ascii_lowercase();
        let default = match scheme.as_str() {
            "http" | "ws" => Some(80),
            "https" | "wss" => Some(443),
            _ => None,
        };
        authority.port = authority.port.filter(|port| Some(*port) != default);
        Origin { scheme, authority }
    }

    /// The origin of an absolute URL.
    ///
    /// # Errors
    /// [`InvalidOrigin`] when it has none.
    pub fn of_url(url: &str) -> Result<Origin, InvalidOrigin> {
        let end = url.find("://").map_or(url.len(), |at| {
            let authority = &url[at + 3..];
            at + 3 + authority.find(['/', '?', '#']).unwrap_or(authority.len())
        });
        Origin::parse(&url[..end])
    }

    /// The scheme, in lower case.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }
}

impl Origin {
    /// The origin that `text` is, as in `Origin` (RFC 6454, section 7).
    ///
    /// # Errors
    /// [`InvalidOrigin`], which says what would be right.
    pub fn parse(text: &str) -> Result<Origin, InvalidOrigin> {
        const FORM: InvalidOrigin = InvalidOrigin("must be scheme://host[:port], without a path");
        let (scheme, authority) = text.split_once("://").ok_or(FORM)?;
        let right = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
        if !scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            || !scheme.bytes().all(right)
            || authority.contains(['/', '?', '#'])
        {
            return Err(FORM);
        }
        if authority.contains('*') {
            return Err(InvalidOrigin(
                "must be one origin: `*` stands for none here",
            ));
        }
        if !authority.is_ascii() {
            return Err(InvalidOrigin(
                "must have its host in ASCII, as browsers send it (xn--…)",
            ));
        }
        let authority = Authority::parse(authority).map_err(|_| FORM)?;
        Ok(Origin::new(scheme, authority))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

impl Authority {
    /// Whether it can only mean this machine.
    pub fn is_local(&self) -> bool {
        self.host == "localhost" || self.address().is_some_and(|address| address.is_loopback())
    }

    /// Its host, if that is an address.
    pub fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

impl Authority {
    /// The authority that `text` is, as in `Host`.
    ///
    /// # Errors
    /// [`InvalidOrigin`], which says what would be right.
    pub fn parse(text: &str) -> Result<Authority, InvalidOrigin> {
        const FORM: InvalidOrigin = InvalidOrigin("must be a name or an address, then :PORT");
        let text = text.trim();
        let (host, port) = if let Some(rest) = text.strip_prefix('[') {
            let (address, port) = rest.split_once(']').ok_or(FORM)?;
            let address: Ipv6Addr = address.parse().map_err(|_| FORM)?;
            (address.to_string(), port)
        } else {
            let (name, port) = text.split_at(text.find(':').unwrap_or(text.len()));
            let right = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
            if name.is_empty() || !name.bytes().all(right) {
                return Err(FORM);
            }
            (name.to_ascii_lowercase(), port)
        };
        let digits = match port {
            "" => "",
            port => port.strip_prefix(':').ok_or(FORM)?,
        };
        let plain = digits.bytes().all(|digit| digit.is_ascii_digit());
        let port = match digits {
            "" => None,
            digits if plain => Some(digits.parse().map_err(|_| FORM)?),
            _ => return Err(FORM),
        };
        Ok(Authority { host, port })
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address() {
            Some(IpAddr::V6(address)) => write!(f, "[{address}]")?,
            _ => f.write_str(&self.host)?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Option<String> {
        Origin::parse(text).ok().map(|origin| origin.to_string())
    }

    #[test]
    fn a_default_port_is_the_same_written_or_not() {
        for (written, normal) in [
            ("http://localhost:80", "http://localhost"),
            ("https://A.example:443", "https://a.example"),
            ("https://a.example:80", "https://a.example:80"),
            ("http://a.example:443", "http://a.example:443"),
            ("http://[0:0::1]:80", "http://[::1]"),
            ("http://localhost:", "http://localhost"),
            ("capacitor://localhost", "capacitor://localhost"),
        ] {
            assert_eq!(origin(written).as_deref(), Some(normal), "{written}");
        }
        for wrong in [
            "",
            "null",
            "a.example",
            "https://",
            "https://*.example",
            "https://a/",
            "://a",
            "https://a@b",
            "https://a b",
            "https://ä.example",
            "https://a:x",
            "1a://b",
        ] {
            assert_eq!(origin(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_url_has_the_origin_before_its_path() {
        let of = |url| Origin::of_url(url).ok().map(|origin| origin.to_string());
        assert_eq!(of("http://a:1/b://c").as_deref(), Some("http://a:1"));
        assert_eq!(of("https://A?x").as_deref(), Some("https://a"));
        assert_eq!(of("http://a@b/"), None);
        assert_eq!(of("about:blank"), None);
    }

    #[test]
    fn an_authority_is_a_name_or_an_address() {
        let host = |text: &str| Authority::parse(text).ok().map(|it| it.host);
        assert_eq!(host("Localhost:3000").as_deref(), Some("localhost"));
        assert_eq!(host("[::1]:80").as_deref(), Some("::1"));
        assert_eq!(host("192.168.0.7").as_deref(), Some("192.168.0.7"));
        for wrong in [
            "", ":80", "a b", "a/b", "a@b", "[::1", "[x]", "a:b", "a:99999", "a:+1", "a,b",
        ] {
            assert_eq!(host(wrong), None, "{wrong:?}");
        }
    }
}
