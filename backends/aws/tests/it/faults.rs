//! The network and AWS itself fail, as a proxy makes them: each time the error says that asking
//! again may help, and each attempt asks once.

use std::time::Duration;

use api_key_helper_backend::ErrorKind;
use integration_tests::servers::moto::AccessKey;
use integration_tests::servers::{Microburst, Moto};
use serde_json::{Value, json};

use crate::common::{KEY, Source};

struct FaultyAws {
    proxy: Microburst,
    source: Source,
    #[expect(dead_code, reason = "the server behind the proxy")]
    moto: Moto,
}

fn faulty_aws() -> FaultyAws {
    let moto = Moto::start();
    moto.secret("plain", &json!({ "SecretString": KEY }));
    let proxy = Microburst::before(moto.address());
    let who = AccessKey { id: "AKIA1".to_owned(), secret: "canary-secret".to_owned() };
    let source = Source::at(proxy.address(), &who, "secret_id = 'plain'");
    FaultyAws { proxy, source, moto }
}

impl FaultyAws {
    /// `times` attempts fail under `rule`, each by one request, and the next one does not.
    fn fails(&mut self, times: u64, rule: &Value) {
        let mut rule = rule.clone();
        rule["service"] = json!("*");
        rule["times"] = json!(times);
        self.proxy.rules(&json!([rule]));
        let before = self.proxy.requests();
        for _ in 0..times {
            let error = self.source.error(ErrorKind::Transient);
            assert!(!format!("{error:?}").contains(KEY), "{error:?}");
        }
        assert_eq!(self.proxy.requests() - before, times, "{rule}");
        assert_eq!(self.source.key(), KEY, "{rule}");
        assert_eq!(self.proxy.requests() - before, times + 1, "{rule}");
    }
}

#[test]
fn aws_attempt_sends_one_request_for_each_fault() {
    let mut faulty_aws = faulty_aws();
    assert_eq!(faulty_aws.source.key(), KEY);
    faulty_aws.fails(5, &json!({ "error": { "code": "ThrottlingException", "status": 400 } }));
    faulty_aws.fails(2, &json!({ "error": { "code": "InternalServiceError", "status": 500 } }));
    faulty_aws.fails(2, &json!({ "error": { "code": "ServiceUnavailable", "status": 503 } }));
    faulty_aws.fails(2, &json!({ "reset": true }));
    faulty_aws.fails(2, &json!({ "response": { "truncate_frac": 0.5 } }));
    faulty_aws.fails(2, &json!({ "response": { "abort_frac": 0.5 } }));
    faulty_aws.source.time = Duration::from_millis(1500);
    faulty_aws.fails(1, &json!({ "timeout_ms": 3000 }));
}
