//! Parses the JSON of a DynamoDB Streams event and builds a `SampleModel` of each new item, as a Lambda function in Rust
//! does. The event's types have the fields and the types of those in the crate `aws_lambda_events`.

use std::collections::HashMap;

use serde::Deserialize;

type Item = HashMap<String, AttributeValue>;

#[derive(Deserialize)]
pub enum AttributeValue {
    S(String),
    N(String),
    B(String),
    #[serde(rename = "BOOL")]
    Bool(bool),
    #[serde(rename = "NULL")]
    Null(bool),
    #[serde(rename = "SS")]
    Ss(Vec<String>),
    #[serde(rename = "NS")]
    Ns(Vec<String>),
    #[serde(rename = "BS")]
    Bs(Vec<String>),
    L(Vec<AttributeValue>),
    M(Item),
}

#[derive(Deserialize)]
pub struct Event {
    #[serde(rename = "Records")]
    pub records: Vec<EventRecord>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventRecord {
    pub aws_region: String,
    #[serde(rename = "dynamodb")]
    pub change: StreamRecord,
    #[serde(rename = "eventID")]
    pub event_id: String,
    pub event_name: String,
    pub event_source: Option<String>,
    pub event_version: Option<String>,
    #[serde(rename = "eventSourceARN")]
    pub event_source_arn: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StreamRecord {
    #[serde(rename = "ApproximateCreationDateTime")]
    pub approximate_creation_date_time: f64,
    pub keys: Item,
    #[serde(default)]
    pub new_image: Item,
    #[serde(default)]
    pub old_image: Item,
    pub sequence_number: Option<String>,
    pub size_bytes: i64,
    pub stream_view_type: Option<String>,
}

#[derive(Default)]
pub struct SampleModel {
    pub id: i64,
    pub message: String,
    pub entity_type: String,
}

impl From<Item> for SampleModel {
    fn from(item: Item) -> Self {
        let mut model = SampleModel::default();
        for (name, value) in item {
            match (name.as_str(), value) {
                ("Id", AttributeValue::N(number)) => model.id = number.parse().unwrap_or_default(),
                ("Message", AttributeValue::S(text)) => model.message = text,
                ("EntityType", AttributeValue::S(text)) => model.entity_type = text,
                _ => {}
            }
        }
        model
    }
}

/// Builds the models of all new items of an event.
pub fn models(json: &[u8]) -> serde_json::Result<Vec<SampleModel>> {
    let event: Event = serde_json::from_slice(json)?;
    let routed = |record: &EventRecord| {
        record.event_name == "INSERT"
            && matches!(record.change.new_image.get("EntityType"), Some(AttributeValue::S(name)) if name == "SampleModel")
    };
    Ok(event
        .records
        .into_iter()
        .filter(routed)
        .map(|record| SampleModel::from(record.change.new_image))
        .collect())
}

/// Handles an event once; returns what tells its models from others, or a negative number if the JSON is not an event.
///
/// # Safety
///
/// `json` points to `length` bytes.
#[no_mangle]
pub unsafe extern "C" fn handle(json: *const u8, length: usize) -> i64 {
    match models(std::slice::from_raw_parts(json, length)) {
        Ok(models) => models
            .iter()
            .map(|model| model.id + (model.message.len() + model.entity_type.len()) as i64)
            .sum(),
        Err(_) => -1,
    }
}
