//! A network that fails on demand: a TCP proxy before a server that counts the client's messages and strikes at one.

use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use dbwarden::dialect::Engine;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// How the network fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Both sides see the end of the connection.
    Cut,
    /// Both sides see it torn down (RST).
    Reset,
    /// Nothing comes any more, and nobody is told: both sides stay open.
    Stall,
    /// As [`Fault::Stall`], for every connection, those to come included.
    Blackout,
    /// As [`Fault::Cut`], and nobody listens any more.
    Gone,
}

/// When it fails: at one of the client's messages, counted over all connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The server does not get it.
    Before,
    /// The server has just got it.
    During,
    /// The server gets it and carries it out; the client does not get the answer.
    After,
}

/// Which message.
#[derive(Debug, Clone, Copy)]
pub enum Place {
    /// The n-th, from 1.
    Nth(usize),
    /// The n-th, from 1, with this text in it.
    With(&'static str, usize),
}

struct State {
    protocol: Engine,
    server: u16,
    strike: Option<(Place, Moment, Fault)>,
    act: Option<Box<dyn FnOnce() + Send>>,
    messages: usize,
    connections: usize,
    /// With the number of its connection.
    queries: Vec<(usize, String)>,
    with_text: usize,
    struck: bool,
    dark: bool,
    gone: bool,
}

/// The proxy. With it go all its connections.
pub struct Proxy {
    port: u16,
    state: Arc<Mutex<State>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Proxy {
    /// A proxy before the server on port `server` of 127.0.0.1, which speaks the protocol of `engine` without TLS.
    pub fn new(engine: Engine, server: u16) -> Proxy {
        let state = State {
            protocol: engine,
            server,
            strike: None,
            act: None,
            messages: 0,
            connections: 0,
            queries: Vec::new(),
            with_text: 0,
            struck: false,
            dark: false,
            gone: false,
        };
        let state = Arc::new(Mutex::new(state));
        let (stop, stopped) = oneshot::channel();
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        listener.set_nonblocking(true).expect("a socket");
        let shared = Arc::clone(&state);
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).expect("a socket");
                tokio::select! {
                    () = accept(listener, shared) => {}
                    _ = stopped => {}
                }
            });
        });
        Proxy { port, state, stop: Some(stop), thread: Some(thread) }
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Makes the network fail once, at one message.
    pub fn strike(self, place: Place, moment: Moment, fault: Fault) -> Proxy {
        lock(&self.state).strike = Some((place, moment, fault));
        self
    }

    /// The same, with something that happens before the connection is cut.
    pub fn act(self, place: Place, moment: Moment, act: impl FnOnce() + Send + 'static) -> Proxy {
        lock(&self.state).act = Some(Box::new(act));
        self.strike(place, moment, Fault::Cut)
    }

    /// How many messages clients have sent.
    pub fn messages(&self) -> usize {
        lock(&self.state).messages
    }

    /// The texts of those that asked for statements to be run; a login has none. What came over a connection that looks
    /// at another one's session is left out: on a slow machine there is one.
    pub fn queries(&self) -> Vec<String> {
        const SESSIONS: [&str; 2] = ["pg_stat_activity", "information_schema.PROCESSLIST"];
        let state = lock(&self.state);
        let looks = |number: usize| {
            let mut own = state.queries.iter().filter(|(connection, _)| *connection == number);
            own.any(|(_, text)| SESSIONS.iter().any(|sessions| text.contains(sessions)))
        };
        let kept = state.queries.iter().filter(|(connection, _)| !looks(*connection));
        kept.map(|(_, text)| text.clone()).collect()
    }

    /// Whether it has failed.
    pub fn struck(&self) -> bool {
        lock(&self.state).struck
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = self.thread.take().map(thread::JoinHandle::join);
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().expect("a proxy that did not panic")
}

async fn accept(listener: TcpListener, state: Arc<Mutex<State>>) {
    let mut listener = Some(listener);
    loop {
        let accepted = match &listener {
            Some(listener) => listener.accept().await,
            None => std::future::pending().await,
        };
        if lock(&state).gone {
            listener = None;
        } else if let Ok((client, _)) = accepted {
            tokio::spawn(serve(client, Arc::clone(&state)));
        }
    }
}

async fn serve(mut client: TcpStream, state: Arc<Mutex<State>>) {
    let (connection, protocol, port) = {
        let mut state = lock(&state);
        state.connections += 1;
        (state.connections, state.protocol, state.server)
    };
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let (mut questions, mut answers) = (Frames::new(protocol, true), Frames::new(protocol, false));
    let (mut from_client, mut from_server) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    let mut pending: Option<(Fault, bool)> = None;
    loop {
        if lock(&state).dark {
            std::future::pending::<()>().await;
        }
        tokio::select! {
            read = client.read(&mut from_client) => {
                let Ok(count @ 1..) = read else { return };
                questions.feed(&from_client[..count]);
                while let Some(message) = questions.next() {
                    match strikes(&state, connection, &message) {
                        Some((Moment::Before, fault)) => {
                            if lock(&state).act.is_some() {
                                // A PostgreSQL server that shuts down and has just taken the connection would wait for
                                // its first message, for as long as `authentication_timeout`.
                                let _ = server.shutdown().await;
                            }
                            return fail(fault, client, server, &state).await;
                        }
                        Some((Moment::During, fault)) => {
                            let _ = server.write_all(&message).await;
                            return fail(fault, client, server, &state).await;
                        }
                        Some((Moment::After, fault)) => pending = Some((fault, is_query(protocol, &message))),
                        None => {}
                    }
                    if server.write_all(&message).await.is_err() {
                        return;
                    }
                }
            }
            read = server.read(&mut from_server) => {
                let Ok(count @ 1..) = read else { return };
                answers.feed(&from_server[..count]);
                let mut complete = false;
                while let Some(answer) = answers.next() {
                    complete |= ends_answer(protocol, &answer);
                }
                match pending {
                    Some((fault, is_query)) if complete || !is_query => return fail(fault, client, server, &state).await,
                    Some(_) => {}
                    None if client.write_all(&from_server[..count]).await.is_err() => return,
                    None => {}
                }
            }
        }
    }
}

fn strikes(state: &Mutex<State>, connection: usize, message: &[u8]) -> Option<(Moment, Fault)> {
    let mut state = lock(state);
    state.messages += 1;
    if is_query(state.protocol, message) {
        // Behind the type and the length on PostgreSQL, behind the packet's header and the command on MySQL.
        state.queries.push((connection, String::from_utf8_lossy(&message[5..]).into_owned()));
    }
    let (place, moment, fault) = state.strike.filter(|_| !state.struck)?;
    state.struck = match place {
        Place::Nth(n) => state.messages == n,
        Place::With(text, n) => {
            state.with_text += usize::from(message.windows(text.len()).any(|window| window == text.as_bytes()));
            state.with_text == n
        }
    };
    state.struck.then_some((moment, fault))
}

async fn fail(fault: Fault, client: TcpStream, server: TcpStream, state: &Mutex<State>) {
    let act = lock(state).act.take();
    if let Some(act) = act {
        tokio::task::spawn_blocking(act).await.expect("what a test does");
    }
    match fault {
        Fault::Cut => {}
        Fault::Reset => {
            let _ = (client.set_zero_linger(), server.set_zero_linger());
        }
        Fault::Stall => std::future::pending().await,
        Fault::Blackout => {
            lock(state).dark = true;
            std::future::pending().await
        }
        Fault::Gone => {
            let (mut state, here) = (lock(state), client.local_addr());
            state.gone = true;
            drop(state);
            // Wakes the listener up, so that it goes.
            let _ = std::net::TcpStream::connect(here.expect("its address"));
        }
    }
}

/// The messages of a stream; both protocols say in front how long each is.
struct Frames {
    protocol: Engine,
    /// PostgreSQL's first message has no type before its length.
    first: bool,
    bytes: Vec<u8>,
}

impl Frames {
    fn new(protocol: Engine, of_client: bool) -> Frames {
        Frames { protocol, first: of_client && protocol == Engine::Postgres, bytes: Vec::new() }
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn next(&mut self) -> Option<Vec<u8>> {
        let length = match (self.protocol, self.bytes.as_slice()) {
            (Engine::Postgres, [a, b, c, d, ..]) if self.first => u32::from_be_bytes([*a, *b, *c, *d]) as usize,
            (Engine::Postgres, [_, a, b, c, d, ..]) => 1 + u32::from_be_bytes([*a, *b, *c, *d]) as usize,
            (Engine::MySql, [a, b, c, _, ..]) => 4 + u32::from_le_bytes([*a, *b, *c, 0]) as usize,
            _ => return None,
        };
        if self.bytes.len() < length {
            return None;
        }
        self.first = false;
        let rest = self.bytes.split_off(length);
        Some(std::mem::replace(&mut self.bytes, rest))
    }
}

/// Whether a message asks for statements to be run, so that the answer may come in several pieces.
fn is_query(protocol: Engine, message: &[u8]) -> bool {
    match protocol {
        Engine::Postgres => message.first() == Some(&b'Q'),
        // COM_QUERY, in a packet that begins a conversation.
        _ => matches!(message, [_, _, _, 0, 3, ..]),
    }
}

/// Whether a message of the server is the last one of an answer.
fn ends_answer(protocol: Engine, message: &[u8]) -> bool {
    const MORE_RESULTS: u8 = 8;
    match (protocol, message) {
        (Engine::Postgres, [b'Z', ..]) => true,
        (Engine::Postgres, _) => false,
        // OK with small counts (after rows too), the end of rows, an error.
        (_, [_, _, _, _, 0 | 0xfe, changed, id, status, _, _, _, ..]) if *changed < 251 && *id < 251 => {
            status & MORE_RESULTS == 0
        }
        (_, [5, 0, 0, _, 0xfe, _, _, status, _]) => status & MORE_RESULTS == 0,
        (_, [_, _, _, _, 0xff, ..]) => true,
        _ => false,
    }
}
