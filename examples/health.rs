//! An axum service that is alive at once and ready when its database is migrated: `/health/live` and `/health/ready`.
//!
//! `cargo run --example health -- 127.0.0.1:8080`, in a folder with a `dbwarden.toml`. A service that must not start
//! before asks [`states`] in `main` instead.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use dbwarden::check::{DatabaseState, Options, states};

/// The routes of a service whose databases `options` name.
pub fn health(options: Options) -> Router {
    Router::new()
        .route("/health/live", get(|| async { "alive\n" }))
        .route("/health/ready", get(ready))
        .with_state(options)
}

async fn ready(State(options): State<Options>) -> (StatusCode, String) {
    match states(&options).await {
        Ok(states) if states.iter().all(DatabaseState::is_ready) => (StatusCode::OK, "ready\n".to_string()),
        Ok(states) => (StatusCode::SERVICE_UNAVAILABLE, states.iter().map(|state| format!("{state}\n")).collect()),
        // The reason belongs into the log: strangers may read the answer.
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database cannot be asked\n".to_string()),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_string());
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(listener, health(Options::default())).await
}
