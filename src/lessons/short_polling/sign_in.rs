//! Sign-in by QR code, a demo of lesson 1.
//!
//! The page starts a session, shows its code as a QR code and polls its state:
//! `waiting → scanned → confirmed`, or `expired` after a minute. A second tab or
//! a phone opens the code's link, which says `scan`, and confirms.
//!
//! Who knows the code can confirm, and can see the state. A real service gives
//! the polling page a second secret, and asks the phone who it is.

use crate::http::{Access, Request, Response, Route};
use crate::lock::lock;
use crate::origin::Authority;
use crate::random;
use qrcode::{QrCode, render::svg};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long a code can be used.
const LIFETIME: Duration = Duration::from_secs(60);
/// How long it is remembered, so that a late poll is told `expired`.
const REMEMBERED: Duration = Duration::from_secs(180);
/// Sign-ins that may be remembered at once.
const MOST: usize = 1000;
/// Letters in a code, five random bits each.
const CODE_LENGTH: usize = 20;

/// Where a session is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SignInState {
    /// Nobody has opened the code's link.
    Waiting,
    /// Somebody has, and is asked to confirm.
    Scanned,
    /// Confirmed: the page is signed in.
    Confirmed,
    /// Too late.
    Expired,
}

struct SignIn {
    state: SignInState,
    since: Instant,
}

impl SignIn {
    fn state(&self, now: Instant) -> SignInState {
        if self.state != SignInState::Confirmed && now.duration_since(self.since) >= LIFETIME {
            SignInState::Expired
        } else {
            self.state
        }
    }
}

/// The sessions of one server. Time is handed in, so that it can be tested.
#[derive(Default)]
struct SignIns(HashMap<String, SignIn>);

impl SignIns {
    fn begin(&mut self, code: String, now: Instant) -> Result<(), Response> {
        self.0
            .retain(|_, session| now.duration_since(session.since) < REMEMBERED);
        if self.0.len() >= MOST {
            let seconds = REMEMBERED.as_secs();
            let why = format!("too many sign-ins were begun; try again in {seconds} s");
            return Err(Response::error(503, &why).header("Retry-After", seconds));
        }
        let state = SignInState::Waiting;
        self.0.insert(code, SignIn { state, since: now });
        Ok(())
    }

    fn get(&mut self, code: &str) -> Result<&mut SignIn, Response> {
        let unknown = || Response::error(404, "there is no such session; it may be long expired");
        self.0.get_mut(code).ok_or_else(unknown)
    }

    // ANCHOR: scan
    fn scan(&mut self, code: &str, now: Instant) -> Result<SignInState, Response> {
        let session = self.get(code)?;
        match session.state(now) {
            SignInState::Expired => Err(too_late()),
            SignInState::Waiting => {
                session.state = SignInState::Scanned;
                Ok(SignInState::Scanned)
            }
            further => Ok(further),
        }
    }
    // ANCHOR_END: scan

    fn confirm(&mut self, code: &str, now: Instant) -> Result<SignInState, Response> {
        let session = self.get(code)?;
        match session.state(now) {
            SignInState::Expired => Err(too_late()),
            SignInState::Waiting => Err(Response::error(409, "open the code's link first (scan)")),
            SignInState::Scanned | SignInState::Confirmed => {
                session.state = SignInState::Confirmed;
                Ok(SignInState::Confirmed)
            }
        }
    }
}

fn too_late() -> Response {
    Response::error(410, "the code has expired; ask for a new one")
}

/// Its URLs.
pub fn routes() -> Vec<Route> {
    let sign_ins = Arc::new(Mutex::new(SignIns::default()));
    let (asking, drawing) = (sign_ins.clone(), sign_ins.clone());
    let (scanning, confirming) = (sign_ins.clone(), sign_ins.clone());
    vec![
        Route::post("/short-polling/sign-in", move |request| {
            begin(&sign_ins, request)
        }),
        Route::get(
            "/short-polling/sign-in",
            Access::AnyOrigin,
            move |request| {
                let code = request.query_param("session").unwrap_or_default();
                let state = lock(&asking).get(&code)?.state(Instant::now());
                Ok(state_of(state))
            },
        ),
        Route::get(
            "/short-polling/sign-in/qr.svg",
            Access::AnyOrigin,
            move |request| {
                let code = request.query_param("session").unwrap_or_default();
                lock(&drawing).get(&code)?;
                picture(&link(request, &code))
            },
        ),
        Route::post("/short-polling/sign-in/scan", move |request| {
            let code = code(request)?;
            Ok(state_of(lock(&scanning).scan(&code, Instant::now())?))
        }),
        Route::post("/short-polling/sign-in/confirm", move |request| {
            let code = code(request)?;
            Ok(state_of(lock(&confirming).confirm(&code, Instant::now())?))
        }),
    ]
}

fn begin(sign_ins: &Mutex<SignIns>, request: &Request) -> Result<Response, Response> {
    let code = random::token(CODE_LENGTH).map_err(|error| {
        log::error!("no random number: {error}");
        Response::error(500, "the system gave no random number")
    })?;
    lock(sign_ins).begin(code.clone(), Instant::now())?;
    let begun = json!({
        "session": code,
        "link": link(request, &code),
        "expires_in_s": LIFETIME.as_secs(),
        "loopback": Authority::parse(request.host()).is_ok_and(|host| host.is_local()),
    });
    Ok(Response::json(200, &begun))
}

fn link(request: &Request, code: &str) -> String {
    let code: String = form_urlencoded::byte_serialize(code.as_bytes()).collect();
    let origin = request.own_origin();
    format!("{origin}/1-short-polling/confirm.html?session={code}")
}

fn picture(link: &str) -> Result<Response, Response> {
    let code = QrCode::new(link)
        .map_err(|error| Response::error(400, &format!("no QR code holds this: {error}")))?;
    let svg = code.render::<svg::Color>().min_dimensions(240, 240).build();
    Ok(Response::of_type(200, "image/svg+xml", svg))
}

fn state_of(state: SignInState) -> Response {
    Response::json(200, &json!({ "state": state }))
}

/// The code in a body of `{"session": CODE}`.
fn code(request: &Request) -> Result<String, Response> {
    #[derive(Deserialize)]
    struct CodeBody {
        session: String,
    }
    let body: CodeBody = crate::json::object(&request.body).map_err(|error| {
        let why = format!("the body must be {{\"session\": CODE}}: {error}");
        Response::error(400, &why)
    })?;
    Ok(body.session)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(result: Result<SignInState, Response>) -> Result<SignInState, u16> {
        result.map_err(|refusal| refusal.status)
    }

    #[test]
    fn a_session_goes_from_waiting_to_confirmed() {
        let (mut sessions, now) = (SignIns::default(), Instant::now());
        sessions.begin("a".into(), now).expect("begun");
        assert_eq!(status(sessions.confirm("a", now)), Err(409));
        assert_eq!(status(sessions.scan("a", now)), Ok(SignInState::Scanned));
        assert_eq!(
            status(sessions.confirm("a", now)),
            Ok(SignInState::Confirmed)
        );
        // Who is late does not take the confirmation back.
        assert_eq!(status(sessions.scan("a", now)), Ok(SignInState::Confirmed));
        assert_eq!(status(sessions.scan("b", now)), Err(404));
    }

    #[test]
    fn a_session_expires_after_a_minute() {
        let (mut sessions, start) = (SignIns::default(), Instant::now());
        sessions.begin("a".into(), start).expect("begun");
        let late = start + LIFETIME;
        let just = late - Duration::from_millis(1);
        assert_eq!(status(sessions.scan("a", just)), Ok(SignInState::Scanned));
        assert_eq!(status(sessions.confirm("a", late)), Err(410));
        assert_eq!(
            sessions.get("a").map(|s| s.state(late)).ok(),
            Some(SignInState::Expired)
        );
    }

    #[test]
    fn sessions_are_bounded_and_forgotten() {
        let (mut sessions, start) = (SignIns::default(), Instant::now());
        for n in 0..MOST {
            sessions.begin(n.to_string(), start).expect("begun");
        }
        let full = sessions.begin("more".into(), start).map_err(|a| a.status);
        assert_eq!(full, Err(503));
        let later = start + REMEMBERED;
        sessions.begin("more".into(), later).expect("room again");
        assert_eq!(sessions.0.len(), 1);
    }
}
