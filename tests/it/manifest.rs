//! As much of YAML as the manifests in `examples/` use: one key a line, lists in the form of JSON where it matters.

use serde_json::Value;

/// What one container runs.
#[derive(Debug, Default, PartialEq)]
pub struct Container {
    /// `command` and `args`, joined.
    pub words: Vec<String>,
    /// Environment variables with a value of their own.
    pub values: Vec<(String, String)>,
    /// Environment variables from a Secret: variable, Secret, key.
    pub secrets: Vec<(String, String, String)>,
}

/// One rule of a `podFailurePolicy` about exit codes.
#[derive(Debug, PartialEq)]
pub struct Rule {
    /// `FailJob`, `Ignore` or `Count`.
    pub action: String,
    /// The container it is about.
    pub container: String,
    /// The exit codes.
    pub codes: Vec<u8>,
}

/// Key and value of each line; comments and `- ` are dropped, quotes are taken off.
pub fn lines(yaml: &str) -> impl Iterator<Item = (&str, &str)> {
    yaml.lines().filter_map(|line| {
        let line = line.trim().trim_start_matches("- ");
        let (key, value) = line.split_once(':').filter(|_| !line.starts_with('#'))?;
        Some((key, value.trim().trim_matches('"')))
    })
}

/// The container called `name`. Its `env` ends where `securityContext` begins.
pub fn container(yaml: &str, name: &str) -> Container {
    let mut container = Container::default();
    let mut variable = String::new();
    let mut secret = String::new();
    let mut from_secret = false;
    let after = lines(yaml).skip_while(|line| *line != ("name", name)).skip(1);
    for (key, value) in after.take_while(|(key, _)| *key != "securityContext") {
        match key {
            "command" | "args" => container.words.extend(list(value).map(|word| word.as_str().expect("text").into())),
            "secretKeyRef" => from_secret = true,
            "name" if from_secret => secret = value.to_string(),
            "name" => variable = value.to_string(),
            "value" => container.values.push((variable.clone(), value.to_string())),
            "key" => {
                container.secrets.push((variable.clone(), secret.clone(), value.to_string()));
                from_secret = false;
            }
            _ => {}
        }
    }
    container
}

/// The rules of a Job about exit codes.
pub fn rules(yaml: &str) -> Vec<Rule> {
    let (mut rules, mut action, mut container) = (Vec::new(), "", "");
    for (key, value) in lines(yaml) {
        match key {
            "action" => action = value,
            "containerName" => container = value,
            "operator" => assert_eq!(value, "In"),
            "values" => rules.push(Rule {
                action: action.to_string(),
                container: container.to_string(),
                codes: list(value).map(|code| code.as_u64().expect("a number").try_into().expect("a byte")).collect(),
            }),
            _ => {}
        }
    }
    rules
}

fn list(json: &str) -> impl Iterator<Item = Value> {
    let values: Vec<Value> = serde_json::from_str(json).expect("a list in JSON's form");
    values.into_iter()
}

#[test]
fn commands_variables_and_rules_are_read() {
    let yaml = "\
spec:
  rules:
    - action: Ignore
      onPodConditions:
    - action: FailJob
      onExitCodes:
        containerName: c
        operator: In
        values: [1, 70]
  containers:
    - name: c
      command: [\"dbwarden\"]
      args: [\"migrate\", \"-v\"]
      env:
        - name: DATABASE_URL
          valueFrom:
            secretKeyRef:
              name: app
              key: url
        - name: A
          value: \"10s\"
      securityContext:
        value: no
";
    let expected = Container {
        words: ["dbwarden", "migrate", "-v"].map(str::to_string).into(),
        values: vec![("A".into(), "10s".into())],
        secrets: vec![("DATABASE_URL".into(), "app".into(), "url".into())],
    };
    assert_eq!(container(yaml, "c"), expected);
    assert_eq!(rules(yaml), [Rule { action: "FailJob".into(), container: "c".into(), codes: vec![1, 70] }]);
}
