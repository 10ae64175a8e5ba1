//! What the library does not bound, and how it stops for ever. On Linux, where
//! it was measured.

use crate::common::{Client, SOON, eventually, get};
use crate::{serve, server};
use rlimit::Resource;
use socket2::{Domain, SockRef, Socket, Type};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread::scope;
use std::time::Duration;
use tiny_http::{Response, Server};

/// Runs the test called `name` in a process of its own, where it finds this
/// variable. Says whether this is that process.
fn is_child(name: &str) -> bool {
    const CHILD: &str = "POLL_TO_PUSH_TEST_CHILD";
    if std::env::var_os(CHILD).is_some() {
        return true;
    }
    let test = std::env::current_exe().expect("this test");
    let output = Command::new(test)
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, "1")
        .stdin(Stdio::null())
        .output()
        .expect("a child");
    let said = String::from_utf8_lossy(&output.stdout);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{told}");
    assert!(
        said.contains("1 passed"),
        "the test's name is {name}: {said}"
    );
    false
}

fn is_refused(address: SocketAddr) -> bool {
    TcpStream::connect(address).is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
}

#[test]
fn a_head_without_an_end_is_stored_without_limit() {
    const LENGTH: usize = 4 * 1024 * 1024;
    serve(
        |request| {
            let field = request
                .headers()
                .iter()
                .find(|field| field.field.equiv("X"));
            let length = field.map_or(0, |field| field.value.as_str().len());
            let _ = request.respond(Response::from_string(length.to_string()));
        },
        |client| {
            client.send("GET / HTTP/1.1\r\nHost: localhost\r\nX: ");
            client.send(vec![b'x'; LENGTH]);
            client.send("\r\n\r\n");
            // All of it was there when the head had ended.
            assert_eq!(client.answer().text(), LENGTH.to_string());
        },
    );
}

#[test]
fn it_has_no_time_outs() {
    serve(
        |request| request.respond(Response::empty(200)).expect("answered"),
        |client| {
            let (start, rest) = ("GET / HTTP/1.1\r\nHo", "st: localhost\r\n\r\n");
            client.send(start);
            // Longer than any that our own server has.
            let long = Some(Duration::from_secs(17));
            client.stream().set_read_timeout(long).expect("set");
            let error = client.stream().read(&mut [0]).expect_err("nothing");
            assert_eq!(error.kind(), ErrorKind::WouldBlock);
            client.stream().set_read_timeout(Some(SOON)).expect("set");
            client.send(rest);
            assert_eq!(client.answer().status, 200);
        },
    );
}

/// Threads of this process.
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").expect("Linux").count()
}

#[test]
fn every_silent_connection_holds_a_thread() {
    if !is_child("limits::every_silent_connection_holds_a_thread") {
        return;
    }
    let (_server, address) = server();
    let before = threads();
    let mut silent: Vec<Client> = (0..400).map(|_| Client::connect(address)).collect();
    // Nearly one each: see the next tests for the others.
    eventually("threads", || {
        if silent.len() < 1_000 {
            silent.extend((0..20).map(|_| Client::connect(address)));
        }
        threads() >= before + silent.len() / 2
    });
    drop(silent);
}

/// Connects six times at once, as a browser does for one page, and asks on each.
/// Keeps those that get no answer soon, and those that got one.
fn six_at_once(address: SocketAddr) -> [Vec<Client>; 2] {
    let sockets: Vec<Socket> = (0..6).map(|_| unconnected()).collect();
    for socket in &sockets {
        socket.set_nonblocking(true).expect("set");
        // It says that it has begun.
        let _ = socket.connect(&address.into());
    }
    let (mut waiting, mut answered) = (Vec::new(), Vec::new());
    for socket in sockets {
        socket.set_nonblocking(false).expect("set");
        let mut client = Client::from_stream(TcpStream::from(socket));
        client.send(get("/healthz", ""));
        let soon = Some(Duration::from_secs(3));
        client.stream().set_read_timeout(soon).expect("set");
        let came = client.stream().peek(&mut [0]).is_ok();
        client.stream().set_read_timeout(Some(SOON)).expect("set");
        if came { &mut answered } else { &mut waiting }.push(client);
    }
    [waiting, answered]
}

#[test]
fn of_connections_at_once_some_wait_until_another_ends() {
    // Not each time: its accepting thread must be faster than the one it woke.
    for _ in 0..200 {
        let (server, address) = server();
        let mut seen = false;
        scope(|scope| {
            scope.spawn(|| {
                for request in server.incoming_requests() {
                    let _ = request.respond(Response::empty(200));
                }
            });
            let [mut waiting, answered] = six_at_once(address);
            drop(answered);
            seen = !waiting.is_empty();
            for client in &mut waiting {
                assert_eq!(client.answer().status, 200);
            }
            server.unblock();
        });
        if seen {
            return;
        }
    }
    panic!("six connections were answered at once, 200 times: the text says that some wait");
}

#[test]
fn lessons_1_and_2_do_not_let_them_wait() {
    for _ in 0..50 {
        let server = crate::common::lesson(2);
        let [waiting, answered] = six_at_once(server.address);
        assert_eq!((waiting.len(), answered.len()), (0, 6));
    }
}

/// Takes all descriptors but `free`. They are free again when this is dropped.
fn take_all_descriptors_but(free: usize) -> Vec<File> {
    let (_, hard) = rlimit::getrlimit(Resource::NOFILE).expect("a limit");
    rlimit::setrlimit(Resource::NOFILE, 256, hard).expect("set");
    let mut files: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    files.truncate(files.len() - free);
    files
}

/// A socket that can connect later, without a further descriptor.
fn unconnected() -> Socket {
    Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket")
}

#[test]
fn out_of_descriptors_its_accepting_thread_panics_and_says_nothing() {
    if !is_child("limits::out_of_descriptors_its_accepting_thread_panics_and_says_nothing") {
        return;
    }
    let mut client = unconnected();
    // One to listen, one to accept, none for the copy that it makes of that.
    let taken = take_all_descriptors_but(2);
    let (server, address) = server();
    client.connect(&address.into()).expect("the system accepts");
    client.set_read_timeout(Some(SOON)).expect("set");
    // The connection ends with the thread that had accepted it.
    assert_eq!(client.read(&mut [0]).expect("its end"), 0);
    drop(taken);
    // Descriptors are free again; the port is not served any more.
    eventually("refused", || is_refused(address));
    let told = server.recv_timeout(Duration::from_secs(1));
    assert!(matches!(told, Ok(None)), "it says nothing");
}

#[test]
fn a_plain_error_of_accept_ends_its_loop_too() {
    if !is_child("limits::a_plain_error_of_accept_ends_its_loop_too") {
        return;
    }
    // One to listen. Linux takes the one to accept before anyone comes.
    let taken = take_all_descriptors_but(1);
    let (server, address) = server();
    assert!(server.recv_timeout(SOON).is_err(), "it says so once");
    drop(taken);
    eventually("refused", || is_refused(address));
}

#[test]
fn our_own_server_goes_on_after_it_ran_out_of_descriptors() {
    if !is_child("limits::our_own_server_goes_on_after_it_ran_out_of_descriptors") {
        return;
    }
    let server = crate::common::course();
    let clients = [(); 4].map(|()| unconnected());
    // With the one that a waiting `accept` has already, enough for two at most.
    let taken = take_all_descriptors_but(1);
    for client in &clients {
        client
            .connect(&server.address.into())
            .expect("the system accepts");
    }
    eventually("none is free", || File::open("/dev/null").is_err());
    let open = &server.running().app().connections;
    assert!(open.count() < clients.len());
    drop(taken);
    eventually("all are accepted", || open.count() == clients.len());
    let answer = server.ask(&get("/healthz", "Connection: close\r\n"));
    assert_eq!(answer.status, 200);
}

#[test]
fn a_read_time_out_on_its_listener_ends_it() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let address = listener.local_addr().expect("an address");
    let short = Some(Duration::from_millis(50));
    SockRef::from(&listener)
        .set_read_timeout(short)
        .expect("set");
    let server = Server::from_listener(listener, None).expect("a server");
    // `accept` obeys it.
    assert!(server.recv_timeout(SOON).is_err());
    eventually("refused", || is_refused(address));
}

#[test]
fn accepted_sockets_inherit_what_was_set_on_the_listener() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let socket = SockRef::from(&listener);
    let (read, write) = (Duration::from_secs(7), Duration::from_secs(8));
    socket.set_read_timeout(Some(read)).expect("set");
    socket.set_write_timeout(Some(write)).expect("set");
    socket.set_tcp_nodelay(true).expect("set");
    socket.set_keepalive(true).expect("set");
    let _client = TcpStream::connect(listener.local_addr().expect("bound")).expect("connected");
    let (accepted, _) = listener.accept().expect("accepted");
    assert_eq!(accepted.read_timeout().expect("asked"), Some(read));
    assert_eq!(accepted.write_timeout().expect("asked"), Some(write));
    assert!(accepted.nodelay().expect("asked"));
    assert!(SockRef::from(&accepted).keepalive().expect("asked"));
}

#[test]
fn closing_with_unread_input_sends_a_reset() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let mut client = Client::connect(listener.local_addr().expect("bound"));
    client.send("more than is read");
    let (mut accepted, _) = listener.accept().expect("accepted");
    accepted.read_exact(&mut [0; 4]).expect("a part");
    drop(accepted);
    let error = client.stream().read(&mut [0]).expect_err("a reset");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_length_of_fourteen_digits_ends_the_process() {
    const CHILD: &str = "POLL_TO_PUSH_TEST_ABORT";
    let name = "limits::a_length_of_fourteen_digits_ends_the_process";
    if std::env::var_os(CHILD).is_some() {
        serve(
            |request| drop(request.respond(Response::empty(413))),
            |client| {
                client.send(
                    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999\r\n\r\n",
                );
                client.answer();
                client.rest();
            },
        );
        return;
    }
    let output = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .expect("a child");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("memory allocation of 99999999999999 bytes failed"),
        "{said}"
    );
    // Killed by a signal, SIGABRT.
    assert_eq!(output.status.code(), None);
}
