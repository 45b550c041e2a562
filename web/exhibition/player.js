// One work after the other, from the files beside this page, for ever. list.js says which.
(() => {
  const works = window.XUEPAI_WORKS ?? [];
  const video = document.querySelector('video');
  const picture = document.querySelector('img');
  const PHOTO_MS = 6000;
  let at = -1;
  let failed = 0;

  const say = (selector, text) => { document.querySelector(selector).textContent = text; };

  function next() {
    at = (at + 1) % works.length;
    const work = works[at];
    say('[data-title]', work.title);
    say('[data-place]', `${work.place}${work.is_ai ? ' · 含人工智能生成内容' : ''}`);
    video.hidden = work.video === null;
    picture.hidden = work.video !== null;
    if (work.video === null) {
      photo(work, 0);
    } else {
      video.src = work.video;
      video.play().catch(() => { video.muted = true; video.play().catch(skip); });
    }
  }

  function photo(work, index) {
    if (index === work.photos.length) {
      next();
      return;
    }
    picture.src = work.photos[index];
    failed = 0;
    setTimeout(() => photo(work, index + 1), PHOTO_MS);
  }

  function skip() {
    failed += 1;
    setTimeout(next, failed > works.length ? 60000 : 200); // not in circles when nothing plays
  }

  video.addEventListener('ended', () => { failed = 0; next(); });
  video.addEventListener('error', skip);
  document.querySelector('[data-start]').addEventListener('click', (event) => {
    event.target.hidden = true;
    video.muted = false;
    document.documentElement.requestFullscreen?.();
  });
  if (works.length > 0) next();
  else say('[data-place]', '这个展播包里没有作品。');
})();
