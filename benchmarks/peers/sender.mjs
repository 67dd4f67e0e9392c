// A newsletter sender as one would write it in JavaScript: the issue as a template string for each
// reader, nodemailer's pool. No store, no ledger, no ranking, no signature; its links come ready
// with its data.
//
//     node sender.mjs FOLDER HOST PORT CONNECTIONS MESSAGES
//
// FOLDER holds issue.html, issue.txt, issues.json and node_modules. Prints the seconds it took and
// the core seconds of it, as JSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [folder, host, port, connections, messages] = process.argv.slice(2);
const nodemailer = createRequire(`${folder}/`)("nodemailer");
const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;" };
const escaped = (text) => text.replace(/[&<>"']/g, (found) => escapes[found]);
const plain = (text) => text;

// {{.Name}}, {{.Lead.Name}}, {{range .Name}} … {{end}} as a function of the issue
function compiled(source, clean) {
  const body = source
    .replace(/[`\\$]/g, "\\$&")
    .replace(/{{range \.(\w+)}}/g, "${it.$1.map((it) => `")
    .replace(/{{end}}/g, "`).join('')}")
    .replace(/{{\.([\w.]+)}}/g, "${clean(it.$1)}");
  return new Function("clean", `return (it) => \`${body}\``)(clean);
}

const page = compiled(readFileSync(`${folder}/issue.html`, "utf8"), escaped);
const text = compiled(readFileSync(`${folder}/issue.txt`, "utf8"), plain);
const issues = JSON.parse(readFileSync(`${folder}/issues.json`, "utf8"));
const started = process.hrtime.bigint(), before = process.cpuUsage();
const pool = nodemailer.createTransport({
  host, port: Number(port), secure: false, ignoreTLS: true, pool: true,
  maxConnections: Number(connections), maxMessages: Infinity,
});
let next = 0;
async function lane() {
  for (let number = next++; number < Number(messages); number = next++) {
    const issue = issues[number % issues.length];
    await pool.sendMail({
      from: { name: "The Weekly Brief", address: "newsletter@newsletter.example.org" },
      to: `reader${number}@example.com`,
      subject: issue.Subject,
      text: text(issue),
      html: page(issue),
      list: { unsubscribe: issue.UnsubscribeURL },
    });
  }
}
await Promise.all(Array.from({ length: Number(connections) }, lane));
pool.close();
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({
  seconds: Number(process.hrtime.bigint() - started) / 1e9,
  core: (user + system) / 1e6,
}));
