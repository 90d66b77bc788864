use crate::dialect::Engine;
use crate::error::Error;
use crate::output::report::{Report, VersionReport};

/// `version`
pub(super) fn run() -> Result<Report, Error> {
    Ok(Report::Version(report()))
}

/// What this program is. Reads nothing and starts nothing: scripts call it often.
pub(crate) fn report() -> VersionReport {
    VersionReport {
        version: env!("CARGO_PKG_VERSION").to_string(),
        platform: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        engines: Engine::ALL.iter().map(Engine::to_string).collect(),
    }
}
