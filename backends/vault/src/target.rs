//! Where a key is, and how it is taken out of an answer.

use api_key_helper_backend::field::{self, Field};
use api_key_helper_backend::{Error, Fields, Key};
use vaultrs::api::kv1::requests::GetSecretRequest;
use vaultrs::api::kv2::requests::ReadSecretRequest;

use crate::answer::{Answer, Verdict};
use crate::call::Call;

/// Where the key is.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) engine: Engine,
    pub(crate) mount: String,
    /// Below the mount.
    pub(crate) path: String,
    pub(crate) field: Option<Field>,
}

/// How the mount is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Kv1,
    Kv2 {
        version: Option<u64>,
    },
    /// Whatever answers with `data`.
    Read,
}

/// The mount of KV unless the source names another one, as for Vault's own command.
pub(crate) const DEFAULT_MOUNT: &str = "secret";

/// The parts that stand between mount and path in API requests of KV version 2.
const KV2_PARTS: [&str; 2] = ["data", "metadata"];

impl Target {
    /// The request that reads it.
    pub(crate) fn call(&self) -> Result<Call, Error> {
        let (mount, path) = (self.mount.clone(), self.path.clone());
        match self.engine {
            Engine::Kv2 { version } => Call::to(&ReadSecretRequest { mount, path, version }),
            Engine::Kv1 | Engine::Read => Call::to(&GetSecretRequest { mount, path }),
        }
    }

    /// The key in a good answer.
    pub(crate) fn key(&self, answer: &Answer) -> Result<Key, Error> {
        let data = answer.content()?.data();
        let data = match self.engine {
            Engine::Kv2 { .. } => data.and_then(|data| Fields::of(data)?.value("data")),
            Engine::Kv1 | Engine::Read => data,
        };
        let named = data.and_then(|data| Some((data, field::names(data)?)));
        let Some((data, names)) = named.filter(|(_, names)| !names.is_empty()) else {
            return Err(Error::not_found(format!("{self} has no fields")));
        };
        let place = self.to_string();
        match (&self.field, &names[..]) {
            (Some(field), _) => field.key(data, &place),
            (None, [only]) => Field::named(only.clone()).key(data, &place),
            (None, names) => Err(Error::misconfigured(format!("{self} has more than one field"))
                .with_hint(format!("set `field` to one of {}", field::list(names)))),
        }
    }

    /// The error of an answer that is neither good nor about the token.
    pub(crate) fn refusal(&self, verdict: Verdict, answer: &Answer) -> Error {
        let because = answer.because();
        let Self { mount, path, .. } = self;
        match verdict {
            Verdict::Unversioned => {
                Error::misconfigured(format!("`{mount}` keeps versions (KV version 2)")).with_hint(
                    format!("set `engine = \"kv2\"`, `mount = \"{mount}\"`, `path = \"{path}\"`"),
                )
            }
            Verdict::NoRoute => {
                let hint = self.place_advice(answer).unwrap_or_else(|| {
                    "compare `mount` and `namespace` with what `vault secrets list` shows"
                        .to_owned()
                });
                Error::misconfigured(format!("vault has nothing mounted for {self}{because}"))
                    .with_hint(hint)
            }
            Verdict::Absent => self.absent(answer),
            _ => {
                let hint = self.place_advice(answer).unwrap_or_else(|| {
                    "check `engine`, `mount` and `path` of the source".to_owned()
                });
                Error::misconfigured(format!("vault refused to read {self}{because}"))
                    .with_hint(hint)
            }
        }
    }

    /// Returns the hint for a `path`, `mount` or `address` that holds a part that the request has
    /// anyway, as the path of an API request does: the server then looks for another secret.
    fn place_advice(&self, answer: &Answer) -> Option<String> {
        if let Some(advice) = answer.address_advice() {
            return Some(advice.to_owned());
        }
        if self.mount == "v1" || self.mount.starts_with("v1/") {
            return Some("leave the `v1/` of the API out of `path` and `mount`".to_owned());
        }
        let is_kv2 = matches!(self.engine, Engine::Kv2 { .. });
        let below_api = strip_part(&self.path, "v1").unwrap_or(&self.path);
        let below_mount = strip_part(below_api, &self.mount).unwrap_or(below_api);
        let below_data = KV2_PARTS.into_iter().find_map(|part| strip_part(below_mount, part));
        let path = below_data.filter(|_| is_kv2).unwrap_or(below_mount);
        if path != self.path {
            return Some(format!(
                "`path` is below the mount, without the `v1/`, the mount and the `data/` of the API: \
                 write `path = \"{path}\"`"
            ));
        }
        if !is_kv2 {
            return None;
        }
        let whole = format!("{}/{path}", self.mount);
        let (mount, path) = KV2_PARTS.into_iter().find_map(|part| {
            // Of the default mount and a path with another one, only the path is meant.
            let written = if self.mount == DEFAULT_MOUNT { path } else { &whole };
            written.split_once(&format!("/{part}/"))
        })?;
        Some(format!(
            "if that is the path of an API request, write `mount = \"{mount}\"` and `path = \
             \"{path}\"`"
        ))
    }

    fn absent(&self, answer: &Answer) -> Error {
        let Self { mount, path, .. } = self;
        let metadata =
            answer.fields().ok().and_then(|data| Metadata::read(&data.object("metadata")?));
        match (metadata, self.engine) {
            (Some(Metadata { destroyed: true, version }), _) => {
                Error::not_found(format!("version {version} of {self} was destroyed"))
                    .with_hint(format!("write it again: `vault kv put -mount={mount} {path} ...`"))
            }
            (Some(Metadata { destroyed: false, version }), _) => Error::not_found(format!(
                "version {version} of {self} was deleted"
            ))
            .with_hint(format!(
                "bring it back: `vault kv undelete -mount={mount} -versions={version} {path}`"
            )),
            (None, Engine::Kv2 { version: Some(version) })
                if self.place_advice(answer).is_none() =>
            {
                Error::not_found(format!("{self} has no version {version}")).with_hint(format!(
                    "see which there are: `vault kv metadata get -mount={mount} {path}`"
                ))
            }
            (None, engine) => {
                let hint = self.place_advice(answer).unwrap_or_else(|| match engine {
                    Engine::Kv2 { .. } => format!(
                        "see `vault kv list -mount={mount}`; if that is KV version 1, set `engine = \
                         \"kv1\"`"
                    ),
                    Engine::Kv1 | Engine::Read => format!("see `vault list {mount}`"),
                });
                Error::not_found(format!("{self} is not there")).with_hint(hint)
            }
        }
    }

    /// The error of a live token that may not read it, with what to ask for.
    pub(crate) fn denied(&self, answer: &Answer) -> Error {
        let api = match self.engine {
            Engine::Kv2 { .. } => format!("{}/data/{}", self.mount, self.path),
            Engine::Kv1 | Engine::Read => format!("{}/{}", self.mount, self.path),
        };
        let policy =
            format!("ask for a policy with `path \"{api}\" {{ capabilities = [\"read\"] }}`");
        let hint = match self.place_advice(answer) {
            Some(advice) => format!("{advice}; if it is right as it is, {policy}"),
            None => policy,
        };
        Error::denied(format!("vault refused to read {self}{}", answer.because())).with_hint(hint)
    }
}

/// `path` below `part`, where it begins with it.
fn strip_part<'a>(path: &'a str, part: &str) -> Option<&'a str> {
    path.strip_prefix(part)?.strip_prefix('/')
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}/{}`", self.mount, self.path)
    }
}

/// The metadata of a version that is no more, by which it is told from one that never was.
struct Metadata {
    destroyed: bool,
    version: String,
}

impl Metadata {
    fn read(fields: &Fields<'_>) -> Option<Self> {
        let destroyed = fields.flag("destroyed").unwrap_or_default();
        Some(Self { destroyed, version: fields.text("version")? })
    }
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    fn advice(engine: Engine, mount: &str, path: &str) -> Option<String> {
        let (mount, path) = (mount.to_owned(), path.to_owned());
        let answer = Answer {
            status: 404,
            body: Zeroizing::new(br#"{"errors":[]}"#.to_vec()),
            retry_after: None,
            from: "https://v".to_owned(),
            hidden: Vec::new(),
        };
        Target { engine, mount, path, field: None }.place_advice(&answer)
    }

    const KV2: Engine = Engine::Kv2 { version: None };

    #[test]
    fn kv_path_with_api_parts_has_a_hint_with_the_mount() {
        for (engine, mount, path, right) in [
            (KV2, "secret", "secret/data/x", "`path = \"x\"`"),
            (KV2, "secret", "data/x", "`path = \"x\"`"),
            (KV2, "secret", "metadata/x", "`path = \"x\"`"),
            (KV2, "secret", "secret/x", "`path = \"x\"`"),
            (KV2, "team/kv", "v1/team/kv/data/a/b", "`path = \"a/b\"`"),
            (Engine::Kv1, "secret", "secret/x", "`path = \"x\"`"),
            (KV2, "secret", "team/data/x", "`mount = \"team\"` and `path = \"x\"`"),
            (KV2, "secret/data", "x", "`mount = \"secret\"` and `path = \"x\"`"),
            (Engine::Read, "v1", "gateway/creds/dev", "leave the `v1/` of the API"),
        ] {
            let advice = advice(engine, mount, path).unwrap_or_default();
            assert!(advice.contains(right), "{mount} {path}: {advice}");
        }
    }

    #[test]
    fn kv_path_is_used_as_written_below_its_mount() {
        for (engine, mount, path) in [
            (KV2, "secret", "anthropic"),
            (KV2, "secret", "secrets/x"),
            (KV2, "secret", "database/x"),
            (Engine::Kv1, "secret", "data/x"),
            (Engine::Read, "rabbitmq", "creds/developer"),
        ] {
            assert_eq!(advice(engine, mount, path), None, "{mount} {path}");
        }
    }
}
