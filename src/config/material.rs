use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

use super::environment::Environment;
use super::error::ConfigError;
use super::interpolate::interpolate;
use super::origin::Origin;
use super::secret;

/// Where a secret (a URL, a password) comes from. Read only when a connection is made.
#[derive(Clone)]
pub(super) struct Material {
    /// The key or variable as the user knows it.
    pub(super) key: &'static str,
    pub(super) origin: Origin,
    /// What relative paths in it start from.
    pub(super) base: PathBuf,
    pub(super) form: Form,
}

/// The ways to give a secret.
#[derive(Clone)]
pub(super) enum Form {
    /// From a flag or the environment: as it stands.
    Literal(SecretString),
    /// From the file: with `${…}`.
    Template(SecretString),
    /// A file that holds it.
    File(String),
    /// A command that prints it.
    Command(Vec<String>),
}

impl Material {
    /// The secret, where it is known without reading a file or running a command.
    pub(super) fn peek(&self, environment: &Environment) -> Option<Result<SecretString, ConfigError>> {
        match &self.form {
            Form::Literal(text) => Some(Ok(text.clone())),
            Form::Template(text) => Some(self.expand(text.expose_secret(), environment).map(SecretString::from)),
            Form::File(_) | Form::Command(_) => None,
        }
    }

    /// The secret. Adds to `warnings` what is not right about the way it is kept.
    pub(super) fn read(
        &self,
        environment: &Environment,
        warnings: &mut Vec<String>,
    ) -> Result<SecretString, ConfigError> {
        let (key, origin) = (self.key.to_string(), self.origin.clone());
        let secret = match &self.form {
            Form::Literal(text) => text.clone(),
            Form::Template(text) => SecretString::from(self.expand(text.expose_secret(), environment)?),
            Form::File(path) => {
                let path = self.base.join(self.expand(path, environment)?);
                match secret::read_file(&path) {
                    Ok((secret, false)) => secret,
                    Ok((secret, true)) => {
                        let path = path.display();
                        warnings
                            .push(format!("{origin}: every user of this machine may read {path} (`{key}`): chmod 600"));
                        secret
                    }
                    Err(source) => return Err(ConfigError::SecretFile { origin, key, path, source }),
                }
            }
            Form::Command(words) => {
                let words = words.iter().map(|word| self.expand(word, environment)).collect::<Result<Vec<_>, _>>()?;
                let Some((program, arguments)) = words.split_first() else {
                    return Err(ConfigError::Empty { origin, key });
                };
                secret::run_command(program, arguments, &self.base).map_err(|failure| ConfigError::SecretCommand {
                    origin: origin.clone(),
                    key: key.clone(),
                    program: first_word(program).to_string(),
                    failure,
                })?
            }
        };
        if secret.expose_secret().is_empty() { Err(ConfigError::Empty { origin, key }) } else { Ok(secret) }
    }

    /// What can be shown of it: the path, the program; nothing of the secret.
    pub(super) fn shown(&self) -> String {
        match &self.form {
            Form::Literal(_) | Form::Template(_) => "***".to_string(),
            Form::File(path) => path.clone(),
            // Arguments can hold tokens.
            Form::Command(words) => match words.as_slice() {
                [program] => first_word(program).to_string(),
                [program, ..] => format!("{} …", first_word(program)),
                [] => String::new(),
            },
        }
    }

    fn expand(&self, text: &str, environment: &Environment) -> Result<String, ConfigError> {
        interpolate(text, environment).map_err(|problem| ConfigError::Interpolation {
            origin: self.origin.clone(),
            key: self.key.to_string(),
            problem,
        })
    }
}

/// Somebody who expects a shell may write a whole command line, with a token, where the program belongs.
fn first_word(program: &str) -> &str {
    program.split_whitespace().next().unwrap_or(program)
}
