//! The schema as a page of the manual.

use api_key_helper_backends::BACKENDS;
use serde_json::Value;

use crate::schema::definition;

/// Returns the text of `docs/reference.md`.
pub(crate) fn reference(schema: &Value) -> String {
    let mut page = Page { schema, text: INTRODUCTION.to_owned() };
    page.section("## Top level", schema);
    page.section("## `[profile.NAME]`", &schema["definitions"]["ProfileSettings"]);
    page.text += "\n## `[source.NAME]`\n\nWhich keys there are depends on `backend`.\n";
    for backend in BACKENDS.iter().map(|backend| backend.name) {
        let heading = format!("### `backend = \"{backend}\"`");
        page.section(&heading, &schema["definitions"][definition(backend)]);
    }
    page.text += "\n## Tables inside\n";
    for (name, heading) in INNER {
        page.section(&format!("### {heading}"), &schema["definitions"][name]);
    }
    page.auth();
    page.text
}

struct Page<'a> {
    schema: &'a Value,
    text: String,
}

impl Page<'_> {
    /// Adds a table of the keys of `object`.
    fn section(&mut self, heading: &str, object: &Value) {
        self.text += &format!("\n{heading}\n\n");
        if let Some(says) = object["description"].as_str().filter(|_| !heading.starts_with("## ")) {
            self.text += &format!("{says}\n\n");
        }
        self.text += "| key | is | meaning | default | also set by |\n|---|---|---|---|---|\n";
        let needed: Vec<&str> =
            object["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (key, value) in object["properties"].as_object().into_iter().flatten() {
            let said = Said::of(value);
            let default =
                if needed.contains(&&**key) { "none; it is needed" } else { &said.default };
            let is = self.kind(value);
            self.text +=
                &format!("| `{key}` | {is} | {} | {default} | {} |\n", said.meaning, said.also);
        }
    }

    /// Adds a table for each of Vault's `auth` methods.
    fn auth(&mut self) {
        let schema = self.schema;
        let methods = schema["definitions"]["Auth"]["oneOf"].as_array().into_iter().flatten();
        for method in methods {
            let name = method["properties"]["method"]["const"].as_str().unwrap_or_default();
            self.section(&format!("### Auth: `method = \"{name}\"`"), method);
        }
    }

    /// Describes the type of a value.
    fn kind(&self, value: &Value) -> String {
        if let Some(reference) = value["$ref"].as_str() {
            return self.named(reference);
        }
        if let Some(texts) = names(value) {
            return texts;
        }
        for several in ["anyOf", "allOf", "oneOf"] {
            if let Some(kinds) = value[several].as_array() {
                return kinds.iter().map(|kind| self.kind(kind)).collect::<Vec<_>>().join(", or ");
            }
        }
        match value["type"].as_str().unwrap_or_default() {
            "array" => format!("a list of {}", self.kind(&value["items"])),
            "boolean" => "`true` or `false`".to_owned(),
            "integer" => "a whole number".to_owned(),
            "number" => "a number".to_owned(),
            "object" if value["additionalProperties"].is_object() => "a table".to_owned(),
            "object" => "a table, see below".to_owned(),
            _ => "text".to_owned(),
        }
    }

    fn named(&self, reference: &str) -> String {
        let name = reference.rsplit('/').next().unwrap_or_default();
        match name {
            "Duration" => "a duration".to_owned(),
            "Share" => "a share, such as `\"10%\"`".to_owned(),
            "Auth" => "a table by `method`, [below](#auth-method--approle)".to_owned(),
            "Role" => "a table, [below](#assume_role)".to_owned(),
            "WebIdentity" => "a table, [below](#web_identity)".to_owned(),
            "SecretInput" => "a [secret input](#secret-input)".to_owned(),
            "SecretInputOfVault" => "a [secret input](#secret-input-of-vault)".to_owned(),
            _ => self.kind(&self.schema["definitions"][name]),
        }
    }
}

/// Returns the values of an enumeration, if it is one.
fn names(value: &Value) -> Option<String> {
    let listed = value["enum"].as_array().cloned().unwrap_or_default();
    let described = value["oneOf"].as_array().into_iter().flatten();
    let described = described.flat_map(|one| match &one["enum"] {
        Value::Array(several) => several.clone(),
        _ => vec![one["const"].clone()],
    });
    let single = value.get("const").cloned();
    let all: Vec<String> = listed
        .into_iter()
        .chain(described)
        .chain(single)
        .filter_map(|name| Some(format!("`\"{}\"`", name.as_str()?)))
        .collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// The parts of a key's documentation.
struct Said {
    meaning: String,
    default: String,
    also: String,
}

impl Said {
    fn of(value: &Value) -> Self {
        let text = value["description"].as_str().unwrap_or_default();
        let mut said = Self { meaning: String::new(), default: String::new(), also: String::new() };
        for paragraph in text.split("\n\n") {
            let line = paragraph.replace('\n', " ").replace('|', "\\|");
            let line = line.trim();
            if let Some(default) = line.strip_prefix("Default: ") {
                default.trim_end_matches('.').clone_into(&mut said.default);
            } else if let Some(also) = line.strip_prefix("Also: ") {
                also.trim_end_matches('.').clone_into(&mut said.also);
            } else {
                line.clone_into(&mut said.meaning);
            }
        }
        said
    }
}

/// Nested tables: their names in the schema, and on the page.
const INNER: [(&str, &str); 4] = [
    ("SecretInput", "Secret input"),
    ("SecretInputOfVault", "Secret input of Vault"),
    ("Role", "`assume_role`"),
    ("WebIdentity", "`web_identity`"),
];

const INTRODUCTION: &str = "\
<!-- Written by `cargo run -p reference`: change the types that read a configuration instead. -->

# Reference of the configuration

Every key of a configuration file. [Configuration](configuration.md) says how the files are found and merged, and
what beats what. A variable under \"also set by\" fills the gap where no file sets the key, unless the table says that it
beats the file.

A duration is a text such as `\"90s\"`, `\"5m\"` or `\"1h30m\"`. Variables that end in `_MS` are whole numbers of
milliseconds. A key without a default has no effect when it is absent.

The same is there as a [JSON schema](config.schema.json). With this as its first line, an editor that knows
[taplo](https://taplo.tamasfe.dev/configuration/directives.html), as Even Better TOML does, completes and checks a file:

```toml
#:schema https://raw.githubusercontent.com/api-key-helper/api-key-helper/main/docs/config.schema.json

[profile.default]
sources = [\"keys\"]
```
";
