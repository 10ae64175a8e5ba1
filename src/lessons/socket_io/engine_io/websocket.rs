//! Engine.IO over a WebSocket: from the start, or taking over from polling.
//!
//! [`websocket::serve`] takes the frames apart, as in lesson 6. Each packet is a message
//! of its own.

use super::session::{DisconnectReason, HandlerGuard, Session};
use super::{Engine, PING_FROM_CLIENT};
use crate::feed::frames::close;
use crate::feed::websocket::{self, Action};
use crate::feed::{CloseReason, ConnectionWriter, KeepAlive, StreamingConnection};
use crate::lessons::socket_io::codec::Malformed;
use crate::lessons::socket_io::codec::engine_io::{EnginePacket, MessageData};
use std::sync::Arc;
use tungstenite::Message;
use tungstenite::protocol::frame::coding::CloseCode;

/// No pings of WebSocket's: Engine.IO has its own.
const NO_PINGS: KeepAlive = KeepAlive {
    heartbeat: Vec::new,
    closing: websocket::PINGS.closing,
    on_pong_timeout: None,
};

/// A session that is a WebSocket from the start.
pub fn open(engine: &Arc<Engine>, mut connection: StreamingConnection) {
    connection.go_live(&NO_PINGS);
    let writer = connection.writer().clone();
    let (session, packet) = match engine.open(Some(writer.clone())) {
        Ok(opened) => opened,
        Err(_) => {
            let last = close(CloseCode::Again, "no session now; come back later");
            return connection.end(&last, CloseReason::Overloaded);
        }
    };
    writer.send_or_close(packet.frames(), 1);
    let Ok(mut handler) = session.lock_handler(false) else {
        return connection.end(&close(CloseCode::Normal, ""), CloseReason::Finished);
    };
    let on_message = |message| on_message(&session, &mut handler, message);
    websocket::serve(connection, engine.max_payload, on_message);
    session.close(DisconnectReason::TransportClose);
}

/// A WebSocket for a session that polls.
pub fn upgrade(engine: &Arc<Engine>, session: &Arc<Session>, mut connection: StreamingConnection) {
    connection.go_live(&NO_PINGS);
    let writer = connection.writer().clone();
    if !session.begin_upgrade(&writer) {
        let last = close(CloseCode::Policy, "this session has its WebSocket");
        return connection.end(&last, CloseReason::ProtocolError);
    }
    let mut handler = None;
    websocket::serve(
        connection,
        engine.max_payload,
        |message| match &mut handler {
            Some(handler) => on_message(session, handler, message),
            None => match probe(session, &writer, &message) {
                Probe::Answered => Action::Send("3probe".into()),
                Probe::Upgraded(taken) => {
                    handler = Some(taken);
                    Action::Continue
                }
                Probe::Wrong => Action::Close(CloseCode::Policy, "2probe or 5 comes first"),
            },
        },
    );
    if handler.is_some() {
        session.close(DisconnectReason::TransportClose);
    } else {
        session.give_up_upgrade(&writer);
    }
}

/// What a message before the end of an upgrade was.
enum Probe {
    Answered,
    Upgraded(HandlerGuard),
    Wrong,
}

fn probe(session: &Arc<Session>, writer: &Arc<ConnectionWriter>, message: &Message) -> Probe {
    let Message::Text(text) = message else {
        return Probe::Wrong;
    };
    match EnginePacket::from_text(text) {
        Ok(EnginePacket::Ping(word)) if word == "probe" && session.probed(writer) => {
            Probe::Answered
        }
        // A POST that is still at work makes an overlap, which ends the session.
        Ok(EnginePacket::Upgrade) if session.upgraded(writer) => {
            match session.lock_handler(false) {
                Ok(handler) => Probe::Upgraded(handler),
                Err(_) => Probe::Wrong,
            }
        }
        _ => Probe::Wrong,
    }
}

fn on_message(session: &Arc<Session>, handler: &mut HandlerGuard, message: Message) -> Action {
    let packet = match message {
        Message::Binary(bytes) => EnginePacket::Message(MessageData::Binary(bytes)),
        Message::Text(text) => match EnginePacket::from_text(&text) {
            Ok(packet) => packet,
            Err(why) => return refuse(session, why),
        },
        _ => return Action::Continue,
    };
    match packet {
        EnginePacket::Message(data) => {
            handler.message(data);
            Action::Continue
        }
        EnginePacket::Pong(_) => {
            session.on_pong();
            Action::Continue
        }
        EnginePacket::Open(_) | EnginePacket::Upgrade | EnginePacket::Noop => Action::Continue,
        EnginePacket::Close => {
            session.on_close_packet();
            Action::Continue
        }
        EnginePacket::Ping(_) => refuse(session, Malformed(PING_FROM_CLIENT)),
    }
}

/// Ends the session, and with it this conversation.
fn refuse(session: &Arc<Session>, why: Malformed) -> Action {
    log::debug!("a session ends: {why}");
    session.close(DisconnectReason::TransportError);
    Action::Continue
}
