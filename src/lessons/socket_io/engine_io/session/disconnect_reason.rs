//! Why a session ended.

use crate::feed::CloseReason;
use crate::feed::frames::close;
use tungstenite::protocol::frame::coding::CloseCode;

/// Why a session ended, in the words of the Node server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisconnectReason {
    /// The client closed the connection, or said goodbye.
    TransportClose,
    /// The client broke Engine.IO's protocol, or read too slowly.
    TransportError,
    /// No pong came.
    PingTimeout,
    /// The client broke the application's protocol.
    ParseError,
    /// The application ended it.
    ForcedServerClose,
    /// The server goes down.
    ServerShuttingDown,
}

impl DisconnectReason {
    /// The words.
    pub fn as_str(self) -> &'static str {
        match self {
            DisconnectReason::TransportClose => "transport close",
            DisconnectReason::TransportError => "transport error",
            DisconnectReason::PingTimeout => "ping timeout",
            DisconnectReason::ParseError => "parse error",
            DisconnectReason::ForcedServerClose => "forced server close",
            DisconnectReason::ServerShuttingDown => "server shutting down",
        }
    }

    /// The last frame of a WebSocket that ends so (RFC 6455, section 7.4).
    pub(super) fn close_frame(self) -> Vec<u8> {
        let code = match self {
            DisconnectReason::TransportClose | DisconnectReason::ForcedServerClose => {
                CloseCode::Normal
            }
            DisconnectReason::TransportError | DisconnectReason::ParseError => CloseCode::Policy,
            DisconnectReason::PingTimeout => CloseCode::Error,
            DisconnectReason::ServerShuttingDown => CloseCode::Away,
        };
        close(code, self.as_str())
    }

    /// How the end of its connection is counted.
    pub(super) fn close_reason(self) -> CloseReason {
        match self {
            DisconnectReason::TransportClose => CloseReason::ClientClosed,
            DisconnectReason::ForcedServerClose => CloseReason::Finished,
            DisconnectReason::TransportError | DisconnectReason::ParseError => {
                CloseReason::ProtocolError
            }
            DisconnectReason::PingTimeout => CloseReason::PongTimeout,
            DisconnectReason::ServerShuttingDown => CloseReason::Shutdown,
        }
    }
}
