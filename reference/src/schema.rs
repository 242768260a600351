//! The JSON schema of a configuration, with each backend's own keys.

use api_key_helper_backends::BACKENDS;
use api_key_helper_config::Configuration;
use schemars::Schema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// Returns the schema of a whole file, in draft 7: the newest that TOML editors support.
pub(crate) fn configuration() -> Value {
    let mut generator = SchemaSettings::draft07().into_generator();
    let mut schema = Configuration::schema(&mut generator).to_value();
    let sources: Vec<(&str, Value)> = BACKENDS
        .iter()
        .map(|backend| {
            let keys = backend.schema.map(|keys| keys(&mut generator)).unwrap_or_default();
            (backend.name, source(backend.name, keys))
        })
        .collect();
    let references: Vec<Value> = sources
        .iter()
        .map(|(name, _)| json!({ "$ref": format!("#/definitions/{}", definition(name)) }))
        .collect();
    let mut definitions = generator.take_definitions(true);
    let common = definitions.remove("SourceSettings").unwrap_or_default();
    for (name, mut source) in sources {
        add_common(&mut source, &common);
        definitions.insert(definition(name), source);
    }
    let names = json!({ "pattern": "^[a-z0-9][a-z0-9_-]{0,63}$" });
    for section in ["profile", "source"] {
        schema["properties"][section]["propertyNames"] = names.clone();
    }
    schema["properties"]["source"]["additionalProperties"] = json!({ "oneOf": references });
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!("The configuration of api-key-helper");
    schema["definitions"] = Value::Object(definitions);
    drop_null(&mut schema);
    schema
}

/// Returns the name of a backend's source in the schema.
pub(crate) fn definition(backend: &str) -> String {
    format!("source-{backend}")
}

/// Returns the schema of a source of `backend` with its own `keys`.
fn source(backend: &str, keys: Schema) -> Value {
    let mut schema = keys.to_value();
    schema["description"] = json!(format!("A source of the backend `{backend}`."));
    schema["title"] = json!(backend);
    schema["additionalProperties"] = json!(false);
    schema["properties"]["backend"] = json!({ "const": backend });
    schema
}

/// Adds the keys that every source has.
fn add_common(source: &mut Value, common: &Value) {
    let properties = common["properties"].as_object().into_iter().flatten();
    for (key, value) in properties {
        let known = source["properties"][key].take();
        let mut all = value.as_object().cloned().unwrap_or_else(Map::new);
        if let Value::Object(own) = known {
            all.extend(own);
        }
        source["properties"][key] = Value::Object(all);
    }
    let mut required = source["required"].as_array().cloned().unwrap_or_default();
    required.insert(0, json!("backend"));
    source["required"] = Value::Array(required);
}

/// TOML has no null: a missing value is left out.
fn drop_null(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(drop_null),
        Value::Object(object) => {
            object.retain(|key, value| key != "default" || !value.is_null());
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|kind| kind != "null");
                if let [only] = &types[..] {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(kinds)) = object.get_mut("anyOf") {
                kinds.retain(|kind| kind["type"] != "null");
                if let [Value::Object(only)] = &mut kinds[..] {
                    let only = std::mem::take(only);
                    object.remove("anyOf");
                    object.extend(only);
                }
            }
            object.values_mut().for_each(drop_null);
        }
        _ => {}
    }
}
