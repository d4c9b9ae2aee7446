(function () {
  var left = document.getElementById("left"), ends = document.getElementById("ends"), said = document.getElementById("said");
  var start = Date.now(), seconds = Number(left.dataset.seconds), warning = Number(left.dataset.warning);
  var title = document.title;
  ends.textContent = new Date(ends.dateTime).toLocaleString(document.documentElement.lang, { weekday: "long", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  function two(number) { return String(number).padStart(2, "0"); }
  function tick() {
    var rest = seconds - Math.floor((Date.now() - start) / 1000);
    if (rest <= 0 || (seconds > warning && rest <= warning)) return location.reload();
    left.textContent = Math.floor(rest / 3600) + ":" + two(Math.floor(rest / 60) % 60) + ":" + two(rest % 60);
    if (rest <= warning) document.title = left.textContent + " - " + title;
    if (rest === 300 || rest === 60) said.textContent = left.parentNode.textContent;
    setTimeout(tick, 1000 - (Date.now() - start) % 1000);
  }
  document.addEventListener("visibilitychange", function () {
    if (!document.hidden && Date.now() - start > 60000) location.reload();
  });
  tick();
})();