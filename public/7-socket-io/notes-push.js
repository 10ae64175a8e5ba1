// The same code twice. One line differs: the namespace.

(function() {
  var socket = io();
  socket.on('message', function(time) { show('wrong', time); });
})();

(function() {
  var socket = io('/push');
  socket.on('message', function(time) { show('right', time); });
})();

function show(side, time) {
  var count = document.getElementById(side + '-count');
  count.textContent = Number(count.textContent) + 1;
  var list = document.getElementById(side);
  var item = document.createElement('li');
  item.textContent = time;
  list.appendChild(item);
  if (list.children.length > 50) list.firstElementChild.remove();
  list.scrollTop = list.scrollHeight;
}
