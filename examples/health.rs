//! A service that is alive at once and ready when its database is migrated: `/health/live` and `/health/ready`.
//!
//! `cargo run --example health -- 127.0.0.1:8080`, in a folder with a `dbwarden.toml`. Without a web framework, so that
//! nothing distracts from the three lines that matter; the documentation of `dbwarden::check` shows them with axum.

use std::time::Duration;

use dbwarden::check::{DatabaseState, Options, states};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Status line and text.
async fn answer(path: &str) -> (&'static str, String) {
    match path {
        "/health/live" => ("200 OK", "alive".to_string()),
        "/health/ready" => match states(&Options::default()).await {
            Ok(states) if states.iter().all(DatabaseState::is_ready) => ("200 OK", "ready".to_string()),
            Ok(states) => ("503 Service Unavailable", states.iter().map(|state| format!("{state}\n")).collect()),
            // The reason goes to the log: strangers may read the answer.
            Err(_) => ("503 Service Unavailable", "the database cannot be asked".to_string()),
        },
        _ => ("404 Not Found", "not here".to_string()),
    }
}

async fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    let mut request = [0; 1024];
    let length = stream.read(&mut request).await?;
    let request = String::from_utf8_lossy(&request[..length]);
    let (status, text) = answer(request.split(' ').nth(1).unwrap_or_default()).await;
    let length = text.len();
    stream
        .write_all(
            format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}").as_bytes(),
        )
        .await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_string());
    let listener = TcpListener::bind(address).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        // A client that says nothing must not keep the others waiting.
        let _ = tokio::time::timeout(Duration::from_secs(10), serve(stream)).await;
    }
}
