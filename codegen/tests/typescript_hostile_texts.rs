//! No text in a spec breaks out of its context in TypeScript: the output for a protocol with hostile texts parses to
//! the same tree as that with harmless words, up to literals, documentation and a one-to-one renaming. The parser is
//! TypeScript's own.

mod hostile_texts;
mod temp_folder;

use handfast_codegen::Generator;
use hostile_texts::{HOSTILE, Protocol, any_protocol};
use proptest::{strategy::ValueTree, test_runner::TestRunner};
use std::{error::Error, path::Path, process::Command};
use temp_folder::TempFolder;

/// The number of random protocols, in addition to one for each hostile text.
const RANDOM: usize = 64;

/// The TypeScript of a spec without errors.
fn typescript(place: &TempFolder, spec: &str) -> Result<String, Box<dyn Error>> {
    let own = spec
        .split_once("\ngenerate:")
        .map_or(spec, |(before, _)| before);
    let spec = format!("{own}\ngenerate: {{ typescript: {{ out: api.ts }} }}\n");
    let path = place.write("protocol.yaml", &spec)?;
    let (outputs, ..) = Generator::new(path)
        .prepare()
        .map_err(|failed| format!("{failed}\n{spec}"))?;
    let api = outputs
        .into_iter()
        .find(|output| output.path == Path::new("api.ts"));
    Ok(api.ok_or("no api.ts")?.text)
}

/// Compares the trees of pairs of files, and reports where a pair differs.
const COMPARE: &str = r#"
import { readFileSync } from 'node:fs';
import ts from '__COMPILER__';

const same = new Set([
  ts.SyntaxKind.StringLiteral,
  ts.SyntaxKind.NumericLiteral,
  ts.SyntaxKind.NoSubstitutionTemplateLiteral,
]);

/** The tree as a list of kinds; identifiers by the order in which they first come, which makes a renaming nothing. */
function skeleton(path) {
  const text = readFileSync(path, 'utf8');
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  if (file.parseDiagnostics.length > 0) throw new Error(`${path}: ${file.parseDiagnostics[0].messageText}`);
  const names = new Map();
  const all = [];
  const visit = node => {
    const isPattern =
      ts.isRegularExpressionLiteral(node) ||
      (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'RegExp') ||
      (ts.isCallExpression(node) && node.expression.getText(file) === 'hf.charRun');
    if (isPattern) {
      all.push('pattern');
    } else if (ts.isBlock(node) && node.statements.length === 1 && ts.isIfStatement(node.parent)) {
      // A body that is too long for the line of its condition is in braces.
      visit(node.statements[0]);
    } else if (ts.isIdentifier(node)) {
      if (!names.has(node.text)) names.set(node.text, names.size);
      all.push(`name ${names.get(node.text)}`);
    } else if (same.has(node.kind)) {
      all.push('literal');
    } else {
      all.push(ts.SyntaxKind[node.kind]);
      ts.forEachChild(node, visit);
      all.push('end');
    }
  };
  visit(file);
  return all;
}

let differ = 0;
for (let i = 0; i < __COUNT__; i++) {
  try {
    const [hostile, harmless] = [skeleton(`hostile-${i}.ts`), skeleton(`harmless-${i}.ts`)];
    if (harmless.length < 100) throw new Error(`only ${harmless.length} nodes`);
    const at = harmless.findIndex((kind, n) => kind !== hostile[n]);
    if (at >= 0 || hostile.length !== harmless.length) throw new Error(`node ${at}: ${hostile[at]}, not ${harmless[at]}`);
  } catch (error) {
    differ++;
    console.log(`${i}: ${error.message}`);
  }
}
console.log(`${differ} differ`);
"#;

#[test]
fn hostile_texts_change_nothing_but_texts() -> Result<(), Box<dyn Error>> {
    let compiler = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/typescript/node_modules/typescript-5.9/lib/typescript.js");
    if !compiler.exists() {
        return Err("the compiler is not there: run `npm ci --prefix tests/typescript`".into());
    }
    let place = TempFolder::new("typescript-twins")?;
    let mut protocols: Vec<Protocol> = HOSTILE
        .iter()
        .map(|text| Protocol::filled_with(text))
        .collect();
    let mut runner = TestRunner::deterministic();
    for _ in 0..RANDOM {
        protocols.push(any_protocol_of(&mut runner)?);
    }
    for (i, protocol) in protocols.iter().enumerate() {
        let hostile = typescript(&place, &protocol.yaml())?;
        let harmless = typescript(&place, &protocol.harmless().yaml())?;
        place.write(&format!("hostile-{i}.ts"), &hostile)?;
        place.write(&format!("harmless-{i}.ts"), &harmless)?;
    }
    let script = COMPARE
        .replace("__COMPILER__", &compiler.canonicalize()?.to_string_lossy())
        .replace("__COUNT__", &protocols.len().to_string());
    let script = place.write("compare.mjs", &script)?;
    let output = Command::new("node")
        .arg(script)
        .current_dir(place.folder())
        .output()?;
    let words = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(words.trim(), "0 differ");
    Ok(())
}

fn any_protocol_of(runner: &mut TestRunner) -> Result<Protocol, Box<dyn Error>> {
    use proptest::strategy::Strategy;
    let tree = any_protocol()
        .new_tree(runner)
        .map_err(|reason| reason.to_string())?;
    Ok(tree.current())
}
