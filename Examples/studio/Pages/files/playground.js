// Models that write beside each other.
import { $, loadModels, trouble } from "./common.js";
import { Column } from "./column.js";

const columns = [];
/** A browser keeps six connections to a server, of which one tells of the runs. */
const most = 4;

function add() {
  const column = new Column(remove, explain);
  columns.push(column);
  $("columns").append(column.element);
  $("add").disabled = columns.length === most;
  return column;
}
function remove(column) {
  columns.splice(columns.indexOf(column), 1);
  column.element.remove();
  $("add").disabled = false;
}
function explain(model, text) {
  $("explained").value = model;
  $("text").value = text;
  location.hash = "#explain";
}

/** What is typed as \n is a line break, as in the command. */
const unescaped = text => text.replace(/\\([nrt\\])/g, (_, sign) => ({ n: "\n", r: "\r", t: "\t", "\\": "\\" })[sign]);

let writes = 0;
async function write() {
  const mine = ++writes;
  const stop = $("stops").value.split("\n").map(unescaped).filter(text => text !== "");
  const asked = { prompt: $("prompt").value, length: +$("length").value, stop };
  $("stop").disabled = false;
  await Promise.all(columns.map(column => column.write(asked)));
  if (mine === writes) $("stop").disabled = true;
}

$("write").onclick = write;
$("stop").onclick = () => { for (const column of columns) column.stop(); };
$("add").onclick = add;
$("prompt").onkeydown = event => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) write(); };
$("shade").onchange = () => $("columns").classList.toggle("shaded", $("shade").checked);
$("columns").classList.add("shaded");
add().temperature = .6;
add().temperature = 1;
loadModels().catch(error => trouble(error.message));
