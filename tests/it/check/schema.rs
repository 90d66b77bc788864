//! Validates against a JSON schema, as far as the schema of SARIF goes: all its keywords but `pattern` and `format`.

use serde_json::Value;

/// What in `value` is not as `schema` demands, each with its place.
pub fn violations(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, schema, value, "$", &mut found);
    found
}

fn check(root: &Value, schema: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.strip_prefix('#').expect("a reference into the schema itself");
        check(root, root.pointer(pointer).expect("a definition"), value, place, found);
    }
    let mut say = |what: String| found.push(format!("{place}: {what}"));
    let types = match &schema["type"] {
        Value::String(name) => vec![name.as_str()],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !types.is_empty() && !types.iter().any(|name| is_a(name, value)) {
        say(format!("{value} is no {types:?}"));
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        say(format!("{value} is none of {allowed:?}"));
    }
    if let Some(number) = value.as_f64() {
        let bound = |name: &str| schema[name].as_f64();
        if bound("minimum").is_some_and(|least| number < least) || bound("maximum").is_some_and(|most| number > most) {
            say(format!("{number} is out of bounds"));
        }
    }
    if let Some(items) = value.as_array() {
        if schema["minItems"].as_u64().is_some_and(|least| (items.len() as u64) < least) {
            say("too few".to_string());
        }
        let repeated = items.iter().enumerate().any(|(index, item)| items[..index].contains(item));
        if schema["uniqueItems"] == true && repeated {
            say("repeated".to_string());
        }
    }
    if let Some(fields) = value.as_object() {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                say(format!("{name} is missing"));
            }
        }
    }
    for (keyword, exactly_one) in [("anyOf", false), ("oneOf", true)] {
        let Some(options) = schema[keyword].as_array() else { continue };
        let fits = |option: &&Value| {
            let mut inner = Vec::new();
            check(root, option, value, place, &mut inner);
            inner.is_empty()
        };
        let fitting = options.iter().filter(fits).count();
        if fitting == 0 || exactly_one && fitting > 1 {
            say(format!("{fitting} of {keyword} fit"));
        }
    }
    if let (Some(items), true) = (value.as_array(), schema["items"].is_object()) {
        for (index, item) in items.iter().enumerate() {
            check(root, &schema["items"], item, &format!("{place}[{index}]"), found);
        }
    }
    for (name, field) in value.as_object().into_iter().flatten() {
        let place = format!("{place}.{name}");
        match (&schema["properties"][name], &schema["additionalProperties"]) {
            (Value::Null, Value::Bool(false)) => found.push(format!("{place}: not allowed")),
            (Value::Null, other) if other.is_object() => check(root, other, field, &place, found),
            (Value::Null, _) => {}
            (property, _) => check(root, property, field, &place, found),
        }
    }
}

fn is_a(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        other => panic!("an unknown type: {other}"),
    }
}
