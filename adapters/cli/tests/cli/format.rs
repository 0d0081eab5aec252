//! `docs/format.md`: the program takes each of its examples, and every field that it writes is explained there.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use credlatch::file::rewrite_document;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::helper::Home;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn page() -> String {
    fs::read_to_string(root().join("docs/format.md")).unwrap()
}

/// The blocks of the page that begin with this fence.
fn blocks(kind: &str) -> Vec<String> {
    let (page, fence) = (page(), format!("```{kind}\n"));
    let blocks = page.split(&fence).skip(1);
    blocks.map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// The documents: a small one, one with an act whose actor died, and one that has everything.
fn documents() -> [String; 3] {
    blocks("json").try_into().unwrap()
}

/// The texts: a lock file, a sign of life, a line of claims and a fingerprint key.
fn texts() -> [String; 4] {
    blocks("text").try_into().unwrap()
}

/// The sealed document.
fn sealed() -> String {
    let [sealed] = blocks("sealed").try_into().unwrap();
    sealed
}

#[test]
fn the_sealed_document_is_opened_with_the_key_of_the_page_and_its_fields_are_explained() {
    let home = Home::new();
    let key = home.folder().join("seal.key");
    private(&key, &texts()[3]);
    private(&home.document(), sealed());
    let said = home.say(&["token", "minimax", "--seal-key", key.to_str().unwrap()]);
    assert_eq!((said.status, said.out.as_str()), (0, "mm-1\n"), "{}", said.err);
    let (page, mut explained) = (page(), BTreeSet::new());
    let table = page.split("| field of the envelope | what it is |\n").nth(1).unwrap();
    for row in table.lines().take_while(|line| line.starts_with('|')).skip(1) {
        explained.extend(row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2).map(str::to_owned));
    }
    assert_eq!(names(&serde_json::from_str(&sealed()).unwrap()), explained);
    private(&key, "ff".repeat(32));
    assert_eq!(home.say(&["token", "minimax", "--seal-key", key.to_str().unwrap()]).status, 9);
}

/// The bytes of a dump: each line has an offset, bytes in hexadecimal, and between bars what they are as text.
fn undumped(dump: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in dump.lines().filter(|line| *line != "*") {
        let (hex, text) = line.split_once(" |").unwrap();
        let mut words = hex.split_ascii_whitespace();
        bytes.resize(usize::from_str_radix(words.next().unwrap(), 16).unwrap(), 0);
        let row: Vec<u8> = words.map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
        let shown = row.iter().map(|byte| if (0x20..0x7f).contains(byte) { char::from(*byte) } else { '.' });
        assert_eq!(format!("{}|", shown.collect::<String>()), text, "a dump is what it shows");
        bytes.extend(row);
    }
    bytes
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{:016x}", u64::from_be_bytes(Sha256::digest(bytes)[..8].try_into().unwrap()))
}

fn digest_of_parts(parts: &[&str]) -> String {
    let lengthy = |part: &&str| [&(part.len() as u64).to_be_bytes(), part.as_bytes()].concat();
    digest(&parts.iter().flat_map(lengthy).collect::<Vec<_>>())
}

fn private(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path.parent().unwrap()).unwrap();
    let mut file = fs::OpenOptions::new();
    let file = file.write(true).create(true).truncate(true).mode(0o600).open(path);
    std::io::Write::write_all(&mut file.unwrap(), bytes.as_ref()).unwrap();
}

/// Puts a document into a home, as if it had been written there.
fn put(home: &Home, document: &str, lock: &[u8]) {
    let file = home.document().with_extension("lock");
    private(&file, lock);
    let mut document: Value = serde_json::from_str(document).unwrap();
    document["lock"]["ino"] = json!(fs::metadata(&file).unwrap().ino());
    document.as_object_mut().unwrap().remove("lock_born_ns");
    private(&home.document(), document.to_string());
}

fn stored(home: &Home) -> Value {
    serde_json::from_slice(&fs::read(home.document()).unwrap()).unwrap()
}

/// Does something with each field and its value, by where it is; names of providers and models are no fields.
fn fields(value: &Value, at: &str, each: &mut dyn FnMut(&str, &str)) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                let place = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                if !at.ends_with("/providers") && !at.ends_with("/models") {
                    each(name, &place);
                }
                fields(value, &place, each);
            }
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(index, value)| fields(value, &format!("{at}/{index}"), each));
        }
        _ => {}
    }
}

fn names(value: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    fields(value, "", &mut |name, _| {
        names.insert(name.to_owned());
    });
    names
}

/// The fields that the tables of the page explain.
fn explained() -> BTreeSet<String> {
    let page = page();
    let tables = page.split("| field | what it is |\n").skip(1);
    let rows = tables.flat_map(|table| table.lines().take_while(|line| line.starts_with('|')).skip(1));
    rows.map(|row| row.split('`').nth(1).unwrap().to_owned()).collect()
}

fn assert_explained(what: &str, value: &Value) {
    let explained = explained();
    let unknown: Vec<_> = names(value).into_iter().filter(|name| !explained.contains(name)).collect();
    assert!(unknown.is_empty(), "{what} has {unknown:?}, which docs/format.md doesn't explain");
}

#[test]
fn the_format_page_names_each_field_and_no_other_and_the_program_knows_all_of_them() {
    let [small, _, everything] = documents();
    let answer = json!({"provider": 1, "received": 1, "fresh": {"expires_in_ms": 1}});
    let document: Value = serde_json::from_str(&everything).unwrap();
    let shown = &names(&document) | &names(&answer);
    assert_eq!(shown, explained(), "the page's last example has each field that the tables explain");
    for text in [small, everything.clone()] {
        let (_, written) = rewrite_document(text.as_bytes()).unwrap();
        let (read, written): (Value, Value) =
            (serde_json::from_str(&text).unwrap(), serde_json::from_slice(&written).unwrap());
        assert_eq!(read, written, "what is read is written again, and nothing else");
    }
    // A field that the program knows has a form; one that it doesn't know may be anything.
    let mut places = Vec::new();
    fields(&document, "", &mut |_, place| places.push(place.to_owned()));
    for place in places {
        let mut wrong = document.clone();
        *wrong.pointer_mut(&place).unwrap() = json!([[]]);
        assert!(rewrite_document(wrong.to_string().as_bytes()).is_err(), "the program doesn't know {place}");
    }
}

#[test]
fn the_format_page_explains_whatever_the_program_writes() {
    let mut seeds = 0;
    for seed in fs::read_dir(root().join("fuzz/seeds/document")).unwrap() {
        let path = seed.unwrap().path();
        let Ok((state, _)) = rewrite_document(&fs::read(&path).unwrap()) else { continue };
        // What a newer program wrote is kept, and isn't ours to explain.
        if !format!("{state:?}").replace("extra: {}", "").contains("extra: {") {
            let (_, written) = rewrite_document(&fs::read(&path).unwrap()).unwrap();
            let mut written: Value = serde_json::from_slice(&written).unwrap();
            written.as_object_mut().unwrap().retain(|name, _| explained().contains(name));
            assert_explained(&path.display().to_string(), &written);
            seeds += 1;
        }
    }
    assert!(seeds > 5, "{seeds}");
    let home = Home::new();
    home.set("minimax", "mm-key-1");
    home.feed(&["set", "openai", "--label", "work"], "sk-proj-key-1");
    let login = r#"{"access_token":"at-1","refresh_token":"rt-1","expires_in":3600,"scope":"a b"}"#;
    assert_eq!(home.feed(&["set", "xai", "--kind", "oauth"], login).status, 0);
    for args in [&["allow", "OPENAI_ORG_ID"][..], &["pool", "minimax", "random"], &["clear", "minimax"], &["status"]] {
        home.say(args);
    }
    assert_explained("a store", &stored(&home));
}

#[test]
fn the_format_pages_first_document_and_its_lock_file_are_a_store() {
    let ([small, ..], [lock, ..]) = (documents(), texts());
    let document: Value = serde_json::from_str(&small).unwrap();
    let lock = undumped(&lock);
    let word = u64::from_le_bytes(lock[..8].try_into().unwrap());
    assert_eq!(format!("{word:016x}"), document["id"]);
    assert_eq!(format!("{:032x}", u128::from_le_bytes(lock[32..48].try_into().unwrap())), document["store"]);
    assert_eq!(lock[16..20], lock[28..32]);
    let entry = &document["profile"]["providers"]["minimax"]["entries"][0];
    let key = entry["material"]["api_key"].as_str().unwrap();
    assert_eq!(entry["fingerprint"], digest(key.as_bytes()));
    let home = Home::new();
    put(&home, &small, &lock);
    assert_eq!(home.say(&["token", "minimax"]).out.trim_end(), key);
    home.set("openai", "sk-proj-key-1");
    let written = fs::read(home.document().with_extension("lock")).unwrap();
    assert_eq!(written.len(), lock.len());
    assert_eq!(format!("{:016x}", u64::from_le_bytes(written[..8].try_into().unwrap())), stored(&home)["id"]);
    assert_eq!(written[32..48], lock[32..48]);
}

#[test]
fn the_format_pages_sign_of_life_is_read_and_what_it_says_is_settled() {
    let ([_, died, _], [_, left, claims, _]) = (documents(), texts());
    let document: Value = serde_json::from_str(&died).unwrap();
    let store = document["store"].as_str().unwrap();
    assert_eq!(
        claims,
        format!("{} {}\n", &digest_of_parts(&["claims", store])["sha256:".len()..], document["profile"]["last_move"])
    );
    let name = u128::from_str_radix(store, 16).unwrap();
    let word = u64::from_str_radix(document["id"].as_str().unwrap(), 16).unwrap();
    let lock = [&word.to_le_bytes()[..], &[0; 24], &name.to_le_bytes()].concat();
    let bytes = undumped(&left);
    for (at, kind) in [(0, b"clnote1\n"), (4096, b"clansw1\n")] {
        let record = &bytes[at..];
        let length = u32::from_le_bytes(record[8..12].try_into().unwrap()) as usize;
        let body = &record[44..44 + length];
        assert_eq!((&record[..8], &record[12..44]), (&kind[..], &Sha256::digest(body)[..]));
        assert_explained("a record", &serde_json::from_slice(body).unwrap());
    }
    let entry = |home: &Home| stored(home)["profile"]["providers"]["minimax"]["entries"][0].clone();
    let grant = |home: &Home| entry(home)["material"]["oauth"].clone();
    let sign = |home: &Home| {
        let actor = &entry(home)["material"]["oauth"]["custody"]["rotating"]["actor"]["name"];
        home.document().with_extension("claims").join(actor.as_str().unwrap())
    };
    // The answer is settled by whoever commits next.
    let home = Home::new();
    put(&home, &died, &lock);
    private(&sign(&home), &bytes);
    home.set("openai", "sk-proj-key-1");
    assert_eq!((&grant(&home)["access"], &grant(&home)["custody"]), (&json!("at-made-up-2"), &json!("settled")));
    assert_eq!(entry(&home)["version"], 2);
    // With a torn answer it is in doubt, and the note says since when.
    let home = Home::new();
    put(&home, &died, &lock);
    private(&sign(&home), &bytes[..bytes.len() - 1]);
    home.set("openai", "sk-proj-key-1");
    assert_eq!(grant(&home)["custody"]["in_doubt"]["noted"]["up_ms"], 81_000);
    // A document that counts less than its line was rolled back.
    let home = Home::new();
    put(&home, &died.replace("\"last_move\": 1,", ""), &lock);
    private(&home.folder().join("claims"), &claims);
    home.set("openai", "sk-proj-key-1");
    assert!(stored(&home).to_string().contains("\"shared\":\"rolled_back\""));
}

#[test]
fn the_format_pages_key_is_what_its_last_document_was_keyed_with() {
    let ([_, _, everything], [_, _, _, key]) = (documents(), texts());
    let cleared = "sk-ant-api03-cleared";
    let bytes: Vec<u8> =
        (0..32).map(|at| u8::from_str_radix(&key.trim_end()[2 * at..2 * at + 2], 16).unwrap()).collect();
    let document: Value = serde_json::from_str(&everything).unwrap();
    let tombstone = &document["profile"]["providers"]["anthropic"]["cleared"][0];
    assert_eq!(tombstone["fingerprint_key"], digest(&bytes));
    let imported = |key: &str| {
        let home = Home::new();
        put(&home, &everything, &[0; 48]);
        private(&home.folder().join("fingerprint-key"), key);
        let said = super::helper::said(home.command(&["import", "env", "--json"]).env("ANTHROPIC_API_KEY", cleared));
        assert!(!stored(&home).to_string().contains(cleared), "it came back");
        said.json().to_string()
    };
    assert!(imported(&key).contains("\"cleared\""));
    assert!(imported(&key.replace("00", "ff")).contains("\"may_be_cleared\""), "nobody can say so under another key");
}
