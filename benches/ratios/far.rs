//! A server that is further away: a TCP proxy that holds back what the client says.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// Passes connections on to `port` of this machine, and each message of the client so much later; until this program
/// ends. Returns its own port.
pub fn away(port: u16, latency: Duration) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let own = listener.local_addr().expect("its address").port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { continue };
            for stream in [&client, &server] {
                let _ = stream.set_nodelay(true);
            }
            let (Ok(to_server), Ok(to_client)) = (server.try_clone(), client.try_clone()) else { continue };
            thread::spawn(move || pass_on(client, to_server, latency));
            thread::spawn(move || pass_on(server, to_client, Duration::ZERO));
        }
    });
    own
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, latency: Duration) {
    let mut bytes = vec![0; 256 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        thread::sleep(latency);
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
