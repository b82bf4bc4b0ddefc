//! Clients that mean no good or are just broken: too much, too slowly, too many. `ALMONER_SOAK` runs them in full.
//! Whatever they do, the host goes on and its memory stays within bounds.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::stage::{Answer, MEMORY_MIB, Stage, is_soak, note};

#[test]
fn a_body_that_is_too_large_is_refused_before_it_fills_the_memory() {
    let stage = Stage::with_trust();
    let token = stage.token("system");
    let serving = stage.serve();
    let head = format!(
        "POST /t/RAA/fhir/Patient HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {token}\r\nContent-Type: application/fhir+json\r\n"
    );
    for size in ["Content-Length: 104857600\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n"] {
        let mut stream = serving.connect();
        stream.write_all(format!("{head}{size}").as_bytes()).unwrap();
        let block = vec![b' '; 1 << 20];
        for _ in 0..100 {
            let framed = if size.starts_with('C') { block.clone() } else { [b"100000\r\n", &*block, b"\r\n"].concat() };
            if stream.write_all(&framed).is_err() {
                break;
            }
        }
        let answer = Answer::read(&mut stream);
        // A reset may overtake the answer; what counts is that the body was not taken.
        assert!(matches!(answer.status, 413 | 0), "{size}: {}", answer.status);
    }
    assert!(serving.peak_mib() < MEMORY_MIB, "{} MiB", serving.peak_mib());
    assert_eq!(serving.send("GET", "/health", &[], b"").status, 200);
}

#[test]
fn headers_that_never_end_are_cut_off() {
    let stage = Stage::set();
    let serving = stage.serve();
    let mut stream = serving.connect();
    stream.write_all(b"GET /health HTTP/1.1\r\n").unwrap();
    for number in 0..100_000 {
        if stream.write_all(format!("X-{number}: {}\r\n", "x".repeat(100)).as_bytes()).is_err() {
            break;
        }
    }
    assert!(matches!(Answer::read(&mut stream).status, 400 | 431 | 0));
    assert_eq!(serving.send("GET", "/health", &[], b"").status, 200);
}

#[test]
fn a_client_that_says_nothing_is_let_go() {
    let stage = Stage::set();
    let serving = stage.serve();
    let mut silent = serving.connect();
    silent.write_all(b"GET /health HTTP/1.1\r\nHost:").unwrap();
    let mut byte = [0];
    // The connection ends by itself; the time limit of the socket is longer than the host's patience.
    assert!(matches!(silent.read(&mut byte), Ok(0..=1)));
}

#[test]
fn thousands_of_connections_are_served_or_closed() {
    let stage = Stage::set();
    let serving = stage.serve();
    let wanted = if is_soak() { 5000 } else { 500 };
    let mut open = Vec::new();
    for _ in 0..wanted {
        match TcpStream::connect(serving.address) {
            Ok(stream) => open.push(stream),
            Err(error) => panic!("{} of {wanted} connections are open (is ulimit -n below that?): {error}", open.len()),
        }
    }
    let mut served = 0;
    for stream in &mut open {
        stream.set_read_timeout(Some(crate::stage::PATIENCE)).unwrap();
        if stream.write_all(b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").is_ok() {
            served += usize::from(Answer::read(stream).status == 200);
        }
    }
    assert!(served > 0, "of {} connections none was served", open.len());
    note(&format!("hostile: {} connections at once, {served} served: at most {} MiB", open.len(), serving.peak_mib()));
    drop(open);
    assert!(serving.peak_mib() < MEMORY_MIB, "{} MiB", serving.peak_mib());
    assert_eq!(serving.send("GET", "/health", &[], b"").status, 200);
}

#[test]
fn many_large_bodies_at_once_wait_or_are_turned_away() {
    if !is_soak() {
        return note("SKIPPED: 16 bodies of 40 MiB at once are sent with ALMONER_SOAK=1 alone");
    }
    let stage = Stage::with_trust();
    let token = stage.token("system");
    let serving = stage.serve();
    let letters = "x".repeat(40 << 20);
    let body = format!(r#"{{"resourceType":"Basic","code":{{"text":"{letters}"}}}}"#);
    let authorization = format!("Bearer {token}");
    let headers = [("Authorization", authorization.as_str()), ("Content-Type", "application/fhir+json")];
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let send = || serving.send("POST", "/t/RAA/fhir/Basic", &headers, body.as_bytes()).status;
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(send)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|status| [201, 413, 422, 503].contains(status)), "{answers:?}");
    note(&format!("hostile: 16 bodies of 40 MiB at once: {answers:?}, at most {} MiB", serving.peak_mib()));
    assert!(serving.peak_mib() < MEMORY_MIB, "{} MiB", serving.peak_mib());
}
