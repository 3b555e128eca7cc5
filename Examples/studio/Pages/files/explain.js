// The page of char-rnn explain, for a text that is typed here.
import { $, chooseModel, post, reason, trouble } from "./common.js";

let address;
chooseModel($("explained"));
$("read").onclick = async () => {
  $("read").disabled = true;
  try {
    const response = await post("explain", { model: $("explained").value, text: $("text").value });
    if (!response.ok) throw new Error(await reason(response));
    if (address) URL.revokeObjectURL(address);
    address = URL.createObjectURL(await response.blob());
    $("page").src = address;
    $("page").hidden = false;
    trouble("");
  } catch (error) { trouble(error.message); }
  $("read").disabled = false;
};
