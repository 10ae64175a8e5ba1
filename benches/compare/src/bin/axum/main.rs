//! The same URLs by axum on tokio, as somebody would write them who knows both well; and
//! Socket.IO by socketioxide.
//!
//! A broadcast channel carries each message with its bytes made once for each technique.
//! It has no time-outs and no heartbeats of its own: that is in its favour here.
//!
//! `axum PORT`

mod hub;

use axum::body::{Body, Bytes};
use axum::extract::ws::{Message as Frame, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use axum::{Json, Router};
use hub::{Hub, Message, Poll};
use serde::Deserialize;
use serde_json::value::RawValue;
use socketioxide::SocketIo;
use socketioxide::extract::SocketRef;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::BroadcastStream;

#[derive(Clone)]
struct App {
    hub: Arc<Hub>,
    io: SocketIo,
}

#[derive(Deserialize)]
struct Publication {
    data: Box<RawValue>,
}

#[derive(Deserialize)]
struct Cursor {
    after: Option<String>,
    wait: Option<u64>,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    let port: u16 = std::env::args()
        .nth(1)
        .and_then(|port| port.parse().ok())
        .expect("axum PORT");
    // A packet for a socket that has this many waiting is dropped: it is the one bound of
    // socketioxide that 16 publishers meet.
    let (socket_io, io) = SocketIo::builder()
        .max_buffer_size(hub::HISTORY)
        .build_layer();
    io.ns("/", async |_: SocketRef| ());
    let hub = Arc::new(Hub::default());
    let router = Router::new()
        .route("/publish", post(publish))
        .route("/short-polling/messages", get(short_poll))
        .route("/long-polling/messages", get(long_poll))
        .route("/comet/stream", get(comet))
        .route("/sse/stream", get(sse))
        .route("/websocket/socket", get(websocket))
        .with_state(App { hub, io })
        .layer(socket_io);
    let listener = socket(port)?;
    println!("axum: http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|socket| {
        // It fails only for a socket that is gone already.
        let _ = socket.set_nodelay(true);
    });
    axum::serve(listener, router).await
}

/// A listener with room for a crowd that comes at once.
fn socket(port: u16) -> std::io::Result<tokio::net::TcpListener> {
    let socket = tokio::net::TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(([127, 0, 0, 1], port).into())?;
    socket.listen(4096)
}

async fn publish(State(app): State<App>, Json(publication): Json<Publication>) -> Response {
    let id = app.hub.publish(&publication.data);
    let sent = app.io.emit("chat message", &publication.data).await;
    match sent {
        Ok(()) => Json(serde_json::json!({ "id": id })).into_response(),
        Err(why) => (StatusCode::INTERNAL_SERVER_ERROR, why.to_string()).into_response(),
    }
}

async fn short_poll(State(app): State<App>, Query(cursor): Query<Cursor>) -> Response {
    json(&app.hub.after(cursor.after.as_deref()))
}

async fn long_poll(State(app): State<App>, Query(cursor): Query<Cursor>) -> Response {
    let (waiting, missed) = app.hub.subscribe(cursor.after.as_deref());
    if let Some(missed) = missed {
        return json(&missed);
    }
    let wait = Duration::from_secs(cursor.wait.unwrap_or(25).min(60));
    match tokio::time::timeout(wait, next(waiting)).await {
        Ok(Some(message)) => json(&message.poll),
        _ => (StatusCode::NO_CONTENT, cursor_of(&app.hub.after(None))).into_response(),
    }
}

async fn next(mut waiting: hub::Subscription) -> Option<Arc<Message>> {
    waiting.recv().await.ok()
}

fn json(poll: &Poll) -> Response {
    let json = [(CONTENT_TYPE, "application/json")];
    (json, cursor_of(poll), poll.body.clone()).into_response()
}

fn cursor_of(poll: &Poll) -> [(HeaderName, HeaderValue); 1] {
    let name = HeaderName::from_static("last-event-id");
    [(name, poll.last_id.clone())]
}

async fn comet(State(app): State<App>) -> Response {
    stream(&app.hub, "application/x-ndjson", |message| {
        message.line.clone()
    })
}

async fn sse(State(app): State<App>) -> Response {
    stream(&app.hub, "text/event-stream", |message| message.sse.clone())
}

/// A response that goes on. Who falls behind the history is cut, and comes back.
fn stream(hub: &Hub, content_type: &'static str, bytes: fn(&Message) -> Bytes) -> Response {
    let messages = BroadcastStream::new(hub.subscribe(None).0);
    let body = messages.map(move |message| message.map(|message| bytes(&message)));
    let headers = [(CONTENT_TYPE, content_type), (CACHE_CONTROL, "no-store")];
    (headers, Body::from_stream(body)).into_response()
}

async fn websocket(State(app): State<App>, upgrade: WebSocketUpgrade) -> Response {
    let messages = app.hub.subscribe(None).0;
    // Its defaults are for few connections: 128 KiB to read into, for each.
    upgrade
        .read_buffer_size(4096)
        .write_buffer_size(0)
        .on_upgrade(move |socket| hold(socket, messages))
}

async fn hold(mut socket: WebSocket, mut messages: hub::Subscription) {
    loop {
        let sent = tokio::select! {
            message = messages.recv() => match message {
                Ok(message) => socket.send(Frame::Text(message.json.clone())).await,
                Err(RecvError::Lagged(_) | RecvError::Closed) => return,
            },
            frame = socket.recv() => match frame {
                Some(frame) => frame.map(drop),
                None => return,
            },
        };
        if sent.is_err() {
            return;
        }
    }
}
