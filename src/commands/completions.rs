use clap::CommandFactory;

use crate::cli::{Cli, CompletionsArgs};
use crate::error::{Error, ErrorKind};
use crate::output::report::Report;

/// `completions SHELL`: the script, made from the same declaration as the help.
pub(super) fn run(args: &CompletionsArgs) -> Result<Report, Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "dbwarden", &mut script);
    String::from_utf8(script)
        .map(Report::Text)
        .map_err(|error| Error::new(ErrorKind::Bug, format!("the completion script is not UTF-8: {error}")))
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;
    use clap_complete::Shell;

    use super::*;

    #[test]
    fn every_shell_gets_a_script_that_knows_the_commands() {
        for &shell in Shell::value_variants() {
            let Ok(Report::Text(script)) = run(&CompletionsArgs { shell }) else { panic!("no script for {shell}") };
            assert!(script.contains("lock-status"), "{shell}");
        }
    }
}
