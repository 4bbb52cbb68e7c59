import { expect, test } from 'vitest';
import { isForeign, isShort } from './prompt-language';

test.each([
  '一只小狗在草地上奔跑',
  'Собака бежит',
  'Ein roter Ball rollt nach rechts auf blauem Hintergrund',
  'Un chien court dans la neige vers une maison',
  'Un perro corre por la playa con una pelota',
  'Un cane corre sul prato verso il mare',
  'Um cachorro corre na praia com uma bola',
  'Een hond rent over het strand met een bal',
  'Bir köpek ve bir kedi',
  'Seekor anjing berlari di pantai dengan bola',
])('another language: %s', (prompt) => {
  expect(isForeign(prompt)).toBe(true);
});

test.each([
  'a red ball rolls to the right on a blue background',
  'a small black square moves down and to the right on a yellow background',
  'an orange square spins on a green background',
  'dog',
  'red ball, blue background',
  'A café in Rio de Janeiro at dusk, people with umbrellas',
  'El Capitan in Yosemite under the stars',
  'La Tour Eiffel seen from a drone in the rain, naïve painting',
  'slow motion, cinematic, 35 mm, golden hour',
  'Vincent van Gogh paints in a field of wheat',
])('English: %s', (prompt) => {
  expect(isForeign(prompt)).toBe(false);
});

test('a prompt is short from its first word on, up to eleven', () => {
  expect(['', ' \n', 'dog', ' a b c d e f g h i j k ', 'a b c d e f g h i j k l'].map(isShort)).toEqual([
    false,
    false,
    true,
    true,
    false,
  ]);
});
