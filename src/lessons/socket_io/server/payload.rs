//! What the topic carries of an event: written by a broadcast, read by the delivery
//! thread.

use super::Args;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// An event's arguments. Its name is the message's.
#[derive(Serialize, Deserialize)]
pub struct EventPayload<'a> {
    args: Cow<'a, [Box<RawValue>]>,
    /// In base64.
    attachments: Vec<String>,
}

impl EventPayload<'_> {
    /// The payload that carries `args`.
    pub fn of(args: &Args) -> EventPayload<'_> {
        let base64 = |bytes: &bytes::Bytes| data_encoding::BASE64.encode(bytes);
        EventPayload {
            args: Cow::Borrowed(args.json()),
            attachments: args.attachments().iter().map(base64).collect(),
        }
    }

    /// The arguments again. The topic is written by this server alone, so the base64
    /// is right.
    pub fn into_args(self) -> Args {
        let bytes = self.attachments.iter().map(|base64| {
            let bytes = data_encoding::BASE64.decode(base64.as_bytes());
            bytes.unwrap_or_default().into()
        });
        Args::from_parts(self.args.into_owned(), bytes.collect())
    }
}
