//! The responses of the API, complete or as a stream.

use serde_json::{Value, json};

/// A message of one block. <https://docs.anthropic.com/en/api/messages-streaming> shows the events.
#[derive(Clone, Debug)]
pub(super) struct Message {
    /// The block before its content.
    begun: Value,
    /// The content of the block.
    delta: Value,
    /// The complete block.
    block: Value,
    stop_reason: &'static str,
}

impl Message {
    /// Returns the end of a turn.
    pub(super) fn text(text: &str) -> Self {
        Self {
            begun: json!({ "type": "text", "text": "" }),
            delta: json!({ "type": "text_delta", "text": text }),
            block: json!({ "type": "text", "text": text }),
            stop_reason: "end_turn",
        }
    }

    /// Returns a request to use a tool.
    pub(super) fn tool_use(name: &str, input: &Value) -> Self {
        let block = |input: &Value| json!({ "type": "tool_use", "id": "toolu_1", "name": name, "input": input });
        Self {
            begun: block(&json!({})),
            delta: json!({ "type": "input_json_delta", "partial_json": input.to_string() }),
            block: block(input),
            stop_reason: "tool_use",
        }
    }

    /// Returns the response to a request without `stream`.
    pub(super) fn whole(&self, model: &Value) -> Value {
        envelope(model, &[&self.block], Some(self.stop_reason))
    }

    /// Returns the response to a request with `stream`.
    pub(super) fn events(&self, model: &Value) -> String {
        let message = envelope(model, &[], None);
        let end = json!({ "stop_reason": self.stop_reason, "stop_sequence": null });
        let events = [
            json!({ "type": "message_start", "message": message }),
            json!({ "type": "content_block_start", "index": 0, "content_block": self.begun }),
            json!({ "type": "content_block_delta", "index": 0, "delta": self.delta }),
            json!({ "type": "content_block_stop", "index": 0 }),
            json!({ "type": "message_delta", "delta": end, "usage": { "output_tokens": 1 } }),
            json!({ "type": "message_stop" }),
        ];
        let event = |event: &Value| {
            let name = event["type"].as_str().unwrap_or_default();
            format!("event: {name}\ndata: {event}\n\n")
        };
        events.iter().map(event).collect()
    }
}

fn envelope(model: &Value, content: &[&Value], stop_reason: Option<&str>) -> Value {
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": model,
        "content": content, "stop_reason": stop_reason, "stop_sequence": null,
        "usage": { "input_tokens": 1, "output_tokens": 1 },
    })
}
