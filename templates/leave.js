addEventListener("load", go);
setTimeout(go, 4000);
function go() {
  removeEventListener("load", go);
  go = function () {};
  if (document.forms.length) document.forms[0].submit();
  else location.replace(document.getElementById("onward").href);
}