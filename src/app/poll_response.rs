//! The response to a poll, in its three forms: JSON, JSONP, and an iframe's page.
//!
//! Lesson 1 teaches them; lesson 2 answers in the same forms.

use super::inline_script::{
    IFRAME_POLICY, MAX_FUNCTION_NAME, expression, is_function_name, script_that_posts,
};
use crate::bus::{Id, Message, ReadResult};
use crate::http::{Request, Response};
use serde::Serialize;
use std::sync::Arc;

// ANCHOR: body
/// What every poll gets: the messages, and the cursor to come back with.
/// `gap` is there only when messages were lost.
#[derive(Serialize)]
struct PollBody<'a> {
    messages: Vec<&'a Message>,
    last_id: &'a Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    gap: Option<bool>,
}
// ANCHOR_END: body

fn json_of(read: &ReadResult) -> String {
    let body = PollBody {
        messages: read.messages.iter().map(|message| &**message).collect(),
        last_id: &read.last_id,
        gap: read.gap.then_some(true),
    };
    serde_json::to_string(&body).expect("messages and an id are always JSON")
}

// ANCHOR: as-json
/// For Ajax: the object as JSON. The header `Last-Event-ID` repeats the cursor.
/// (That is this course's own use of it; the standard has it in requests only.)
pub fn as_json(read: &ReadResult) -> Response {
    let body = read.body.get_or_init(|| json_of(read).into());
    Response::of_type(200, "application/json", body.clone()).header("Last-Event-ID", &read.last_id)
}
// ANCHOR_END: as-json

/// For JSONP: a script that calls the page's function, `/**/NAME(JSON.parse(…));`. An
/// error is told to the function, too, with status 200: a page cannot see the
/// status of a script. `poll` is called only when the name is right.
///
/// # Errors
/// 400 for a callback that is not the name of a function: it would be code of
/// somebody else's choice, run in our page.
pub fn as_jsonp(
    request: &Request,
    poll: impl FnOnce() -> Result<Arc<ReadResult>, Response>,
) -> Result<Response, Response> {
    // ANCHOR: as-jsonp
    let callback = request.query_param("callback").unwrap_or_default();
    if !is_function_name(&callback) {
        let why = format!(
            "callback must be a name: a letter, `_` or `$`, then letters, digits, `_` or \
             `$`; or such names with dots between them; {MAX_FUNCTION_NAME} letters at most"
        );
        return Err(Response::error(400, &why));
    }
    // The comment in front keeps the file from beginning with bytes that the asker
    // chose: some old plug-ins would run such a file as content of their own.
    let script = format!("/**/{callback}({});", expression(&as_text(poll())));
    // Without a charset the script is read in that of the page.
    let content_type = "application/javascript; charset=utf-8";
    Ok(Response::of_type(200, content_type, script))
    // ANCHOR_END: as-jsonp
}

/// For a hidden iframe: a page that posts the object to the page around it, and
/// to no other origin. An error is posted, too, with status 200: a page cannot see
/// the status of an iframe.
pub fn as_iframe_page(read: Result<Arc<ReadResult>, Response>) -> Response {
    // ANCHOR: as-iframe-page
    let page = format!(
        "<!doctype html>\n<meta charset=\"utf-8\">\n{}",
        script_that_posts(&as_text(read))
    );
    Response::of_type(200, "text/html; charset=utf-8", page)
        .header("Content-Security-Policy", IFRAME_POLICY)
    // ANCHOR_END: as-iframe-page
}

fn as_text(read: Result<Arc<ReadResult>, Response>) -> String {
    match read {
        Ok(read) => json_of(&read),
        Err(error) => error.body.text(),
    }
}
