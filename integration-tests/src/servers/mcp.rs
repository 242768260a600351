//! A minimal MCP server over HTTP:
//! <https://modelcontextprotocol.io/specification/2025-11-25/basic/transports>.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::protected_server::bearer;
use super::stub::Request;
use super::{ProtectedServer, Reply};

/// Serves `/mcp`, which has one tool. The key is the bearer token.
#[must_use]
pub fn serve() -> ProtectedServer {
    serve_after(0)
}

/// Serves the same after this many requests with a key were answered by 503.
#[must_use]
pub fn serve_after(failures: usize) -> ProtectedServer {
    let refusal = Reply::json(401, &json!({ "error": "no" }));
    let http_server = AtomicUsize::new(0);
    ProtectedServer::start(bearer, refusal, move |request| {
        match http_server.fetch_add(1, Ordering::Relaxed) < failures {
            true => Reply::new(503, &[], ""),
            false => answer(request),
        }
    })
}

/// The name of the tool.
pub const TOOL: &str = "look";
/// The output of the tool.
pub const SEEN: &str = "seen";

fn answer(request: &Request) -> Reply {
    if request.line != "POST /mcp" {
        // The server has no stream of its own, and no session to end.
        return Reply::new(405, &[], "");
    }
    let asked: Value = serde_json::from_str(request.body()).expect("a body of JSON");
    let id = &asked["id"];
    if id.is_null() {
        return Reply::new(202, &[], "");
    }
    let result = match asked["method"].as_str() {
        Some("initialize") => json!({
            "protocolVersion": asked["params"]["protocolVersion"],
            "capabilities": { "tools": {} },
            "serverInfo": { "name": "company", "version": "1" },
        }),
        Some("tools/list") => json!({
            "tools": [{ "name": TOOL, "inputSchema": { "type": "object" } }],
        }),
        Some("tools/call") => json!({ "content": [{ "type": "text", "text": SEEN }] }),
        _ => {
            let error = json!({ "code": -32601, "message": "no such method" });
            return Reply::json(200, &json!({ "jsonrpc": "2.0", "id": id, "error": error }));
        }
    };
    Reply::json(200, &json!({ "jsonrpc": "2.0", "id": id, "result": result }))
}
