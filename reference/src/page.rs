//! The schema as a page of the manual.

use api_key_helper_backends::BACKENDS;
use serde_json::Value;

use crate::schema::definition;

/// `docs/reference.md`.
pub(crate) fn reference(schema: &Value) -> String {
    let definitions = &schema["definitions"];
    let mut page = Page { schema, text: INTRODUCTION.to_owned() };
    page.section("## Top level", schema, &[]);
    page.section("## `[profile.NAME]`", &definitions["ProfileSettings"], &[]);
    page.text +=
        "\n## `[source.NAME]`\n\nEvery source has these keys, and those of its backend:\n\n";
    for key in OF_EVERY_SOURCE {
        page.key(key, &definitions[definition(BACKENDS[0].name)]["properties"][key], false);
    }
    for backend in BACKENDS.iter().map(|backend| backend.name) {
        let heading = format!("### `backend = \"{backend}\"`");
        page.section(&heading, &definitions[definition(backend)], &OF_EVERY_SOURCE);
    }
    page.text += "\n## Tables inside\n";
    for (name, heading, elsewhere) in INNER {
        page.section(&format!("### {heading}"), &definitions[name], elsewhere);
    }
    page.auth();
    page.text
}

struct Page<'a> {
    schema: &'a Value,
    text: String,
}

impl Page<'_> {
    /// A list of the keys of `object`, without those that stand `elsewhere`.
    fn section(&mut self, heading: &str, object: &Value, elsewhere: &[&str]) {
        self.text += &format!("\n{heading}\n\n");
        let needed: Vec<&str> =
            object["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (key, value) in object["properties"].as_object().into_iter().flatten() {
            if !elsewhere.contains(&&**key) {
                self.key(key, value, needed.contains(&&**key));
            }
        }
    }

    /// The line of one key: its type, its default, its meaning, and other ways to set it.
    fn key(&mut self, key: &str, value: &Value, is_needed: bool) {
        let Said { meaning, default, also } = Said::of(value);
        let kind = if key == "backend" { "text".to_owned() } else { self.kind(value) };
        let default = match &*default {
            _ if is_needed => ", required".to_owned(),
            "" => String::new(),
            default if default.starts_with("required") => format!(", {default}"),
            default => format!(", default {default}"),
        };
        let also = if also.is_empty() { also } else { format!(" Also {also}.") };
        let line = format!("- `{key}` ({kind}{default}): {meaning}{also}");
        self.text += &wrap(line.trim_end());
    }

    /// The methods of Vault's `auth`, each of which is a table.
    fn auth(&mut self) {
        let schema = self.schema;
        let methods = schema["definitions"]["Auth"]["oneOf"].as_array().into_iter().flatten();
        self.text += "\n### `auth`\n\n`method` selects the table.\n";
        for method in methods {
            let name = method["properties"]["method"]["const"].as_str().unwrap_or_default();
            let means = method["description"].as_str().unwrap_or_default();
            self.section(&format!("`method = \"{name}\"`: {means}"), method, &["method"]);
        }
    }

    /// What may be written there.
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
            "array" => format!("list of {}", self.kind(&value["items"])),
            "boolean" => "`true` or `false`".to_owned(),
            "integer" => "integer".to_owned(),
            "number" => "number".to_owned(),
            "object" if value["additionalProperties"].is_object() => "table".to_owned(),
            "object" => "table".to_owned(),
            _ => "text".to_owned(),
        }
    }

    fn named(&self, reference: &str) -> String {
        let name = reference.rsplit('/').next().unwrap_or_default();
        match name {
            "Duration" => "duration".to_owned(),
            "Share" => "share, such as `\"10%\"`".to_owned(),
            "Auth" => "[table](#auth)".to_owned(),
            "Role" => "[table](#assume_role)".to_owned(),
            "WebIdentity" => "[table](#web_identity)".to_owned(),
            "SecretInput" => "[secret input](#secret-input)".to_owned(),
            "SecretInputOfVault" => "[secret input](#secret-input-of-vault)".to_owned(),
            _ => self.kind(&self.schema["definitions"][name]),
        }
    }
}

/// The texts that an enumeration allows, where it is one.
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

/// What a key's documentation says, taken apart.
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

/// `line` as an item of a list, at most 100 columns wide where its words allow it.
fn wrap(line: &str) -> String {
    let mut wrapped = String::new();
    let mut width = 0;
    for word in line.split(' ') {
        let length = word.chars().count();
        if width == 0 {
            width = length;
        } else if width + 1 + length > COLUMNS {
            wrapped += "\n  ";
            width = 2 + length;
        } else {
            wrapped.push(' ');
            width += 1 + length;
        }
        wrapped += word;
    }
    wrapped + "\n"
}

const COLUMNS: usize = 100;

/// The keys that do not depend on the backend.
const OF_EVERY_SOURCE: [&str; 4] = ["backend", "lifetime", "retries", "timeout"];

/// Tables inside of others: their names in the schema and on the page, and keys of theirs that stand
/// elsewhere.
const INNER: [(&str, &str, &[&str]); 4] = [
    ("SecretInput", "Secret input", &[]),
    (
        "SecretInputOfVault",
        "Secret input of Vault",
        &["ambient", "audience", "command", "env", "file", "source"],
    ),
    ("Role", "`assume_role`", &[]),
    ("WebIdentity", "`web_identity`", &[]),
];

const INTRODUCTION: &str = "\
<!-- Written by `cargo run -p reference`: change the types that read a configuration instead. -->

# Reference of the configuration

Every key of a [configuration file](configuration.md). A variable after `Also` applies where no file sets
the key, unless it takes precedence. A duration is text such as `\"90s\"`, `\"5m\"` or
`\"1h30m\"`; variables that end in `_MS` are whole milliseconds.

With this first line, editors that know [taplo](https://taplo.tamasfe.dev/configuration/directives.html),
such as Even Better TOML, complete and check a file by the [JSON schema](config.schema.json):

```toml
#:schema https://raw.githubusercontent.com/api-key-helper/api-key-helper/main/docs/config.schema.json

[profile.default]
sources = [\"keys\"]
```
";
