//! The examples of the Socket.IO protocol, and what is against it.

use super::*;

/// Decodes messages that are one packet, and encodes it again.
fn round(messages: &[MessageData]) -> Result<Vec<MessageData>, Malformed> {
    let mut decoder = Decoder::new(1_000_000);
    let (last, first) = messages.split_last().expect("a message");
    for message in first {
        assert!(decoder.decode(message)?.is_none(), "complete too early");
    }
    let packet = decoder.decode(last)?;
    Ok(packet.expect("complete").encode())
}

fn text(text: &str) -> MessageData {
    MessageData::Text(text.to_owned())
}

fn binary(bytes: &'static [u8]) -> MessageData {
    MessageData::Binary(Bytes::from_static(bytes))
}

#[test]
fn the_examples_of_the_protocol() {
    for example in [
        "0",
        "0/admin,{\"sid\":\"oSO0OpakMV_3jnilAAAA\"}",
        "4{\"message\":\"Not authorized\"}",
        "2[\"foo\"]",
        "2/admin,[\"bar\"]",
        "212[\"foo\"]",
        "3/admin,13[\"bar\"]",
        "312[]",
        "1",
        "1/admin,",
        "2[\"hey\",\"Jude\"]",
        "2/admin,1[\"tellme\"]",
    ] {
        assert_eq!(round(&[text(example)]), Ok(vec![text(example)]));
    }
    for example in [
        vec![
            text("51-[\"baz\",{\"_placeholder\":true,\"num\":0}]"),
            binary(&[1, 2, 3, 4]),
        ],
        vec![
            text(
                "52-/admin,[\"baz\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]",
            ),
            binary(&[1, 2]),
            binary(&[3, 4]),
        ],
        vec![
            text("61-15[\"bar\",{\"_placeholder\":true,\"num\":0}]"),
            binary(&[1, 2, 3, 4]),
        ],
        vec![
            text("61-/admin,1[{\"_placeholder\":true,\"num\":0}]"),
            binary(&[]),
        ],
    ] {
        assert_eq!(round(&example).as_ref(), Ok(&example));
    }
}

#[test]
fn a_namespace_needs_no_comma_at_the_end() {
    assert_eq!(round(&[text("0/admin")]), Ok(vec![text("0/admin,")]));
    assert_eq!(round(&[text("1/admin")]), Ok(vec![text("1/admin,")]));
}

#[test]
fn what_is_against_the_protocol_is_refused() {
    for wrong in [
        "",
        "abc",
        "7",
        "9[\"a\"]",
        "/",
        "-1", // no type
        "0[]",
        "0\"x\"",
        "0{", // connect
        "1{}",
        "1[]",
        "1/a,{}", // disconnect
        "2",
        "2{}",
        "2[]",
        "2[\"a\"",
        "2[{}]",
        "2[null]",
        "2[[\"a\"]]",
        "2\"a\"",
        "2abc[\"a\"]",
        "2-1[\"a\"]",
        "2[\"connect\"]",
        "2[\"disconnect\"]",
        "2[\"connect_error\"]",
        "299999999999999999999[\"a\"]",
        "2/a[\"a\"]",
        "2[true]",
        "2[\"\\u0063onnect\"]", // event
        "31{}",
        "3a[]", // ack
        "4",
        "45",
        "4[]",
        "4{", // connect error
        "5",
        "5[\"a\"]",
        "5-[\"a\"]",
        "50-[\"a\"]",
        "5x-[\"a\"]",
        "5+1-[\"a\"]",
        "51[\"a\"]",
        "51-[\"a\"]", // binary
        "51-[\"a\",{\"_placeholder\":true,\"num\":1}]",
        "51-[\"a\",{\"_placeholder\":true,\"num\":-1}]",
        "51-[\"a\",{\"_placeholder\":true,\"num\":\"0\"}]",
        "51-[\"a\",{\"_placeholder\":true,\"num\":[0]}]",
        "51-[\"a\",{\"_placeholder\":true}]",
        "51-[\"a\",{\"_placeholder\":[true],\"num\":0}]",
        "52-[\"a\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":0}]",
        "599999999999-[\"a\",{\"_placeholder\":true,\"num\":0}]",
        "51-[{\"_placeholder\":true,\"num\":0}]",
        "61-1",
    ] {
        let decoded = Decoder::new(1_000_000).decode(&text(wrong));
        assert!(decoded.is_err(), "{wrong}: {decoded:?}");
    }
}

#[test]
fn attachments_come_when_they_are_due_and_not_else() {
    let due =
        text("52-[\"a\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]");
    let mut decoder = Decoder::new(1_000);
    assert!(decoder.decode(&binary(b"x")).is_err(), "none was due");
    let mut decoder = Decoder::new(1_000);
    assert!(decoder.decode(&due).expect("right").is_none());
    assert!(decoder.decode(&text("2[\"a\"]")).is_err(), "bytes were due");
    let mut decoder = Decoder::new(1_000);
    assert!(decoder.decode(&due).expect("right").is_none());
    assert!(decoder.decode(&binary(b"x")).expect("right").is_none());
    assert!(decoder.decode(&binary(b"y")).expect("right").is_some());
    assert!(decoder.decode(&binary(b"z")).is_err(), "one too many");
}

#[test]
fn a_packet_is_bounded_with_all_its_attachments() {
    let due = "52-[\"a\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]";
    let mut decoder = Decoder::new(due.len() + 4);
    assert!(decoder.decode(&text(due)).expect("right").is_none());
    assert!(decoder.decode(&binary(b"abc")).expect("right").is_none());
    assert!(decoder.decode(&binary(b"de")).is_err());
}

#[test]
fn arguments_keep_every_byte() {
    let odd = "2[\"a\",1.0,12345678901234567890123,1e400,\"\\u00e9\",{\"b\":1,\"a\":2},\" \"]";
    assert_eq!(round(&[text(odd)]), Ok(vec![text(odd)]));
}

#[test]
fn a_number_that_nobody_needs_is_passed_over() {
    for (sent, taken) in [
        ("05{}", "0{}"),
        ("0/a,1", "0/a,"),
        ("15", "1"),
        ("41{}", "4{}"),
        ("3[1]", "3[1]"),
        ("3", "3[]"),
        ("31", "31[]"),
    ] {
        assert_eq!(round(&[text(sent)]), Ok(vec![text(taken)]), "{sent}");
    }
}

/// Half of a surrogate pair, a number beyond all floats, nesting without end: JSON, and
/// no `Value`.
#[test]
fn placeholders_are_found_in_any_json() {
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    for around in ["\"\\ud83d\"", "1e400", "{\"\\udc00\":\"}\\\"\"}", &deep] {
        let sent = [
            text(&format!(
                "51-[\"a\",{around},{{\"b\":[{{\"n\\u0075m\" : 0, \"_placeholder\":true}},{around}]}}]"
            )),
            binary(b"x"),
        ];
        assert_eq!(round(&sent).as_ref().map(|got| &got[..]), Ok(&sent[..]));
    }
    let odd_name = [text("2[\"\\ud83d\"]")];
    assert!(round(&odd_name).is_ok());
}

#[test]
fn placeholders_may_name_one_attachment_twice() {
    let place = "{\"_placeholder\":true,\"num\":0}";
    let sent = [text(&format!("51-[\"a\",{place},{place}]")), binary(b"x")];
    assert_eq!(round(&sent).as_ref().map(|got| &got[..]), Ok(&sent[..]));
}

/// What looks like one, and is none: where else the two words stand.
#[test]
fn only_placeholders_are_placeholders() {
    let sent = [
        text(
            "51-[\"a\",\"_placeholder\",true,{\"_placeholder\":\"true\",\"num\":7},\
             {\"_placeholder\":{\"num\":3},\"num\":9},{\"_placeholder\":true,\"num\":5,\"num\":0}]",
        ),
        binary(b"x"),
    ];
    assert_eq!(round(&sent).as_ref().map(|got| &got[..]), Ok(&sent[..]));
}

#[test]
fn arguments_are_typed_when_asked_for() {
    let args = Args::one("x").and(&7).and_bytes(vec![1, 2]);
    assert_eq!(args.get::<String>(0).as_deref(), Some("x"));
    assert_eq!((args.get::<u8>(1), args.get::<u8>(0)), (Some(7), None));
    assert_eq!(args.bytes(2).map(|b| &b[..]), Some(&[1, 2][..]));
    assert_eq!((args.bytes(1), args.len()), (None, 3));
    let packet = SocketPacket::Event("/".to_owned(), "e".to_owned(), args, None);
    assert_eq!(
        packet.encode(),
        [
            text("51-[\"e\",\"x\",7,{\"_placeholder\":true,\"num\":0}]"),
            binary(&[1, 2])
        ]
    );
}
