document.querySelectorAll("button[data-copy]").forEach(function (button) {
  button.hidden = false;
  button.addEventListener("click", function () {
    var value = document.getElementById(button.dataset.copy), said = document.getElementById("copied");
    navigator.clipboard.writeText(value.textContent).then(function () {
      said.textContent = "";
      setTimeout(function () { said.textContent = button.getAttribute("aria-label") + ": " + said.dataset.done; }, 50);
      document.querySelectorAll("button[data-done]").forEach(function (other) { delete other.dataset.done; });
      button.dataset.done = "";
    }, function () { getSelection().selectAllChildren(value); });
  });
});